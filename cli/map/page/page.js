/**
 * Shows what the server sends. Each thing keeps its element for as long as it is there, so that focus, open details
 * and a screen reader's place stay where they are while the cluster changes.
 */

/** A server that has said nothing for so long, in ms, is not there. It gives a sign of life every 5 s. */
const SILENCE = 15_000;

const at = (id) => document.getElementById(id);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const SIGNS = { good: "✓", note: "!", bad: "✗" };
const WORDS = {
    runs: "running",
    starts: "starting",
    waits: "waiting",
    leaves: "leaving",
    failed: "failed",
    unknown: "unknown",
};

let source;
/** The latest that came, and when by this page's clock. */
let sight;
let cameAt = 0;
let heardAt = 0;
let picked;

/** Writes only what differs: a screen reader takes each writing for news. */
function write(element, text) {
    if (element.textContent !== text) element.textContent = text;
}

/** Makes the children of `parent` those of `items`, in their order, by key. Returns the new ones. */
function sync(parent, items, template, fill) {
    const had = new Map([...parent.children].map((child) => [child.dataset.key, child]));
    const keys = new Set(items.map(({ key }) => String(key)));
    for (const [key, child] of had) if (!keys.has(key)) child.remove();
    const added = [];
    items.forEach((item, index) => {
        let child = had.get(String(item.key));
        if (child === undefined) {
            child =
                template === undefined
                    ? document.createElement("li")
                    : at(template).content.firstElementChild.cloneNode(true);
            child.dataset.key = item.key;
            added.push(child);
        }
        fill(child, item);
        if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null);
    });
    return added;
}

function showMark(element, { colour, letters }) {
    element.className = `mark c${colour}`;
    write(element, letters);
}

function fillService(item, service) {
    const button = item.firstElementChild;
    item.className = service.level;
    showMark(button.querySelector(".mark"), service.mark);
    write(button.querySelector(".name"), service.name);
    write(button.querySelector(".state"), service.state);
    write(button.querySelector(".more"), [service.image, ...service.more].filter(Boolean).join(", "));
    button.setAttribute("aria-pressed", String(picked === service.name));
}

function fillTask(item, task) {
    item.classList.remove("runs", "starts", "waits", "leaves", "failed", "unknown");
    item.classList.add(task.phase);
    item.classList.toggle("picked", task.service === picked);
    // Tasks of a global service move nowhere: each belongs to its node.
    if (task.slot !== "") item.dataset.label = task.label;
    showMark(item.querySelector(".mark"), task.mark);
    write(item.querySelector(".label"), task.label);
    const phase = item.querySelector(".phase");
    write(phase, WORDS[task.phase]);
    // The usual needs no word, except where there is nothing else to see.
    phase.classList.toggle("hidden", task.phase === "runs");
    write(item.querySelector(".error"), task.error ?? "");
}

function fillNode(item, node) {
    item.classList.remove("good", "note", "bad");
    item.classList.add(node.level);
    write(item.querySelector(".name"), node.name);
    write(item.querySelector(".role"), [node.role, node.which].filter(Boolean).join(", "));
    write(item.querySelector(".sign"), SIGNS[node.level]);
    write(item.querySelector(".words"), node.state);
    write(item.querySelector(".whose"), node.name);
    item.querySelector(".none").hidden = node.tasks.length > 0;
    const tasks = item.querySelector(".tasks");
    tasks.setAttribute("aria-label", `Tasks on ${node.name}`);
    sync(tasks, node.tasks, "task", fillTask);
    const facts = node.facts.flatMap(([label, value]) => [
        ["dt", label],
        ["dd", value],
    ]);
    const list = item.querySelector("dl");
    if (list.textContent !== facts.map(([, text]) => text).join("")) {
        list.replaceChildren(
            ...facts.map(([tag, text]) => Object.assign(document.createElement(tag), { textContent: text })),
        );
    }
}

/** The time at which it was seen; where nobody had looked for a while, the span in which it happened, to the minute. */
function fillChange(item, { at, since, text }) {
    if (item.childElementCount > 0) return;
    const time = document.createElement("time");
    time.dateTime = at;
    const clock = (when, length) => new Date(when).toLocaleTimeString("en-GB").slice(0, length);
    time.textContent = since === undefined ? clock(at) : `${clock(since, 5)}–${clock(at, 5)}`;
    item.append(time, Object.assign(document.createElement("span"), { textContent: text }));
}

/** Where each replica is on the screen, by name; one that runs before one that comes or goes. */
function places() {
    const found = new Map();
    for (const task of document.querySelectorAll(".task[data-label]")) {
        if (!found.has(task.dataset.label) || task.classList.contains("runs")) {
            found.set(task.dataset.label, { key: task.dataset.key, box: task.getBoundingClientRect() });
        }
    }
    return found;
}

/** A replica that is new on its node comes from where the one before it was; any other lights up. */
function animate(before) {
    if (calm.matches) return;
    for (const task of document.querySelectorAll(".task:not([data-shown])")) {
        const from = before.get(task.dataset.label);
        task.classList.add("came");
        if (from === undefined) continue;
        const to = task.getBoundingClientRect();
        const start = `translate(${from.box.x - to.x}px, ${from.box.y - to.y}px)`;
        task.animate([{ transform: start, zIndex: 1 }, { transform: "none" }], {
            duration: 700,
            easing: "ease-in-out",
        });
    }
}

function show() {
    const { picture, problem, changes } = sight;
    at("trouble").hidden = problem === undefined;
    write(at("trouble"), problem === undefined ? "" : `The cluster cannot be read: ${problem}`);
    at("no-changes").hidden = changes.length > 0;
    const told = changes.map((change) => ({ ...change, key: change.id }));
    sync(at("changes"), told, undefined, fillChange);
    if (picture === undefined) return;
    const first = at("nodes").childElementCount === 0;
    const before = places();
    document.title = `${picture.stack} - swarm map`;
    write(at("stack"), picture.stack);
    write(at("headline"), picture.headline);
    if (!picture.services.some(({ name }) => name === picked)) picked = undefined;
    document.body.classList.toggle("picking", picked !== undefined);
    at("no-services").hidden = picture.services.length > 0;
    const services = picture.services.map((service) => ({ ...service, key: service.name }));
    for (const item of sync(at("services"), services, "service", fillService)) {
        item.firstElementChild.addEventListener("click", () => {
            picked = picked === item.dataset.key ? undefined : item.dataset.key;
            show();
        });
    }
    sync(at("nodes"), picture.nodes, "node", fillNode);
    at("waiting").hidden = picture.waiting.length === 0;
    sync(at("waiting-tasks"), picture.waiting, "task", fillTask);
    at("problems").hidden = picture.problems.length === 0;
    const problems = picture.problems.map((text) => ({ key: text, text }));
    sync(at("problem-list"), problems, undefined, (item, { text }) => write(item, text));
    if (!first) animate(before);
    for (const task of document.querySelectorAll(".task:not([data-shown])")) task.dataset.shown = "";
}

/** `5 s`, `3 min`, `2 h`. */
function duration(seconds) {
    if (seconds < 60) return `${Math.floor(seconds)} s`;
    return seconds < 3600 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}

/** What is said of the connection changes rarely, and is read out; the age changes every second, and is not. */
function showConnection() {
    const connected = source?.readyState === EventSource.OPEN && performance.now() - heardAt < SILENCE;
    document.body.classList.toggle("connected", connected && sight?.problem === undefined);
    write(
        at("connection"),
        source === undefined
            ? "Paused"
            : connected
              ? sight?.picture === undefined || sight.problem !== undefined
                  ? "Waiting for the cluster"
                  : "Live"
              : "No answer from the command swarm map",
    );
    const age = sight?.age === undefined ? undefined : (sight.age + performance.now() - cameAt) / 1000;
    write(at("age"), age === undefined ? "" : `, read ${duration(age)} ago`);
}

function connect() {
    source = new EventSource("/events");
    const heard = () => {
        heardAt = performance.now();
        showConnection();
    };
    source.addEventListener("sight", ({ data }) => {
        sight = JSON.parse(data);
        cameAt = performance.now();
        heard();
        show();
    });
    source.addEventListener("beat", heard);
    source.addEventListener("open", heard);
    source.addEventListener("error", showConnection);
}

at("pause").addEventListener("click", () => {
    if (source === undefined) {
        connect();
    } else {
        source.close();
        source = undefined;
    }
    write(at("pause"), source === undefined ? "Go on" : "Pause");
    showConnection();
});
setInterval(showConnection, 1000);
connect();
