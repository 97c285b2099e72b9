/** Shows what the command knows, and asks it again every second. */

const at = (id) => document.getElementById(id);

/** Writes only what differs: a screen reader takes each writing for news. */
function write(id, text) {
    if (at(id).textContent !== text) at(id).textContent = text;
}

/** An element with texts and elements in it. Text from elsewhere stays text. */
function make(tag, className, ...inside) {
    const element = document.createElement(tag);
    element.className = className;
    element.append(...inside);
    return element;
}

/** Okabe and Ito's, which people with any of the usual colour blindnesses tell apart; a grey for their black. */
const COLOURS = ["#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#d55e00", "#9a9a9a", "#0072b2"];

function mark(colour) {
    const element = make("span", "mark");
    element.style.backgroundColor = COLOURS[colour];
    return element;
}

const taskItem = ({ label, colour, phase, error }) =>
    make(
        "li",
        `task ${phase}`,
        mark(colour),
        make("span", "label", label),
        make("span", "phase soft", phase),
        make("span", "error", error ?? ""),
    );

const serviceItem = ({ name, colour, words, level }) =>
    make("li", level, mark(colour), make("span", "name", name), make("span", "state", words));

function nodeItem({ name, role, state, level, address, tasks }) {
    const list = make("ul", "tasks", ...tasks.map(taskItem));
    list.setAttribute("aria-label", `Tasks on ${name}`);
    return make(
        "li",
        `node ${level}`,
        make("h3", "name", name),
        make("p", "role soft", role),
        make("p", "state", state),
        make("p", "address soft", address),
        tasks.length > 0 ? list : make("p", "soft", "No tasks"),
    );
}

/** The time at which it was seen; where nobody had looked for a while, the span in which it happened, to the minute. */
function changeItem({ at, since, text }) {
    const clock = (when, length) => new Date(when).toLocaleTimeString("en-GB").slice(0, length);
    return make(
        "li",
        "",
        make("time", "soft", since === undefined ? clock(at, 8) : `${clock(since, 5)}–${clock(at, 5)}`),
        make("span", "", text),
    );
}

let drawn;
let lastChange = 0;

function show({ picture, age, problem, changes }) {
    document.body.classList.toggle("connected", problem === undefined);
    write("connection", problem === undefined ? "Live" : "Waiting for the cluster");
    const seconds = Math.floor((age ?? 0) / 1000);
    write(
        "age",
        age === undefined
            ? ""
            : `, read ${seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`} ago`,
    );
    at("trouble").hidden = problem === undefined;
    write("trouble", problem === undefined ? "" : `The cluster cannot be read: ${problem}`);
    // The log only grows, since what is added to it is read out. A command that was started again counts anew.
    if ((changes.at(-1)?.id ?? 0) < lastChange) at("changes").replaceChildren();
    at("changes").append(...changes.filter(({ id }) => id > lastChange).map(changeItem));
    lastChange = changes.at(-1)?.id ?? 0;
    const text = JSON.stringify(picture);
    if (picture === undefined || text === drawn) return;
    drawn = text;
    document.title = `${picture.stack} - swarm map`;
    write("stack", picture.stack);
    at("problems").replaceChildren(...picture.problems.map((line) => make("li", "error", line)));
    at("services").replaceChildren(...picture.services.map(serviceItem));
    at("nodes").replaceChildren(...picture.nodes.map(nodeItem));
    at("waiting").replaceChildren(...picture.waiting.map(taskItem));
    at("waiting-title").hidden = picture.waiting.length === 0;
}

async function look() {
    try {
        const answer = await fetch("/sight", { signal: AbortSignal.timeout(15_000) });
        show(await answer.json());
    } catch {
        document.body.classList.remove("connected");
        write("connection", "No answer from the command swarm map");
    }
    // Chained rather than at intervals: an answer that takes long has no other behind it.
    setTimeout(look, 1000);
}
look();
