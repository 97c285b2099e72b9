/** objects.sh and unused.sh: secrets and configs are made, and go once nothing uses them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Line } from "../../model/scriptInput.ts";
import { runScript } from "./harness.ts";

/** here: KIND NAME ID VERSION CONFIG-NAME STACK USE, a line each; posts: how the next are answered. */
const DOCKER = `
"system dial-stdio")
    request=$(tr -d '\\r')
    printf '%s\\n' "$request" >>"$dir/requests"
    if [ -s "$dir/posts" ]; then
        read -r status text <"$dir/posts"
        sed 1d "$dir/posts" >"$dir/posts.new" && mv "$dir/posts.new" "$dir/posts"
    else
        status='201 Created' text='{"ID":"new"}'
    fi
    printf 'HTTP/1.0 %s\\r\\n\\r\\n%s\\n' "$status" "$text"
    ;;
"secret inspect --format {{.Spec.Name}} "*|"config inspect --format {{.Spec.Name}} "*)
    # As the daemon has it: by name, or by the beginning of an ID.
    { grep "^$1 $5 " "$dir/here" || grep "^$1 [^ ]* $5" "$dir/here"; } | cut -d' ' -f2 | grep . || exit 1
    ;;
"secret ls --filter label=swarm.stack --format {{.ID}} {{.Label \\"swarm.stack\\"}}"|"config ls --filter label=swarm.stack --format {{.ID}} {{.Label \\"swarm.stack\\"}}")
    grep "^$1 " "$dir/here" | cut -d' ' -f3,6
    ;;
"secret inspect --format {{with index .Spec.Labels \\"swarm.name\\"}}{{.}}{{else}}-{{end}} {{.Version.Index}} {{.Spec.Name}} {{.ID}} "*|"config inspect --format {{with index .Spec.Labels \\"swarm.name\\"}}{{.}}{{else}}-{{end}} {{.Version.Index}} {{.Spec.Name}} {{.ID}} "*)
    kind=$1
    shift 4
    for id; do grep "^$kind [^ ]* $id " "$dir/here" | while read -r _ object id version name _; do echo "$name $version $object $id"; done; done
    ;;
"secret rm "*|"config rm "*)
    use=$(grep "^$1 [^ ]* $3 " "$dir/here" | cut -d' ' -f7)
    case $use in free) ;; *) echo "Error response from daemon: rpc error: code = InvalidArgument desc = $1 'x' is $use" | tr _ ' ' >&2; exit 1 ;; esac
    sed "/^$1 [^ ]* $3 /d" "$dir/here" >"$dir/here.new" && mv "$dir/here.new" "$dir/here"
    ;;
*) echo "the fake does not know: docker $*" >&2; exit 1 ;;`;

async function run(
    script: "objects" | "unused",
    lines: readonly Line[],
    world: { readonly here?: readonly string[]; readonly posts?: readonly string[] } = {},
    stack = "dev",
) {
    const file = (content: readonly string[] = []) => content.map((line) => `${line}\n`).join("");
    return runScript(script, "create", [["node", "m1"], ["stack", stack], ...lines], {
        docker: DOCKER,
        stoppedClock: true,
        files: { here: file(world.here), posts: file(world.posts), requests: "" },
    });
}

const object = (kind: string, name: string, content: string): Line => [
    "object",
    `${kind} ${name}-0123456789ab ${name} ${Buffer.from(content).toString("base64")}`,
];

describe("what the swarm has not is made", () => {
    test("each by the Engine's API, with its labels; nothing of a content is an argument", async () => {
        const ran = await run("objects", [
            object("secret", "db", "hush"),
            object("config", "motd", "hello\n"),
        ]);
        assert.equal(ran.stderr, "");
        assert.equal(ran.stdout, '{"script":"objects","node":"m1","wanted":2}\n');
        assert.deepEqual(
            ran.files.requests?.split("\n").filter((line) => /^(POST|\{)/.test(line)),
            [
                "POST /secrets/create HTTP/1.0",
                '{"Name":"db-0123456789ab","Labels":{"swarm.name":"db","swarm.stack":"dev"},"Data":"aHVzaA=="}',
                "POST /configs/create HTTP/1.0",
                '{"Name":"motd-0123456789ab","Labels":{"swarm.name":"motd","swarm.stack":"dev"},"Data":"aGVsbG8K"}',
            ],
        );
        assert.deepEqual(
            ran.dockerCalls.filter((call) => /aHVz|hush/.test(call)),
            [],
        );
    });

    test("what is there is left alone; an ID that begins so is another one", async () => {
        const ran = await run("objects", [object("secret", "db", "x"), object("secret", "a", "y")], {
            here: [
                "secret db-0123456789ab id1 1 db dev free",
                "secret other a-0123456789ab-and-more 1 other dev free",
            ],
        });
        assert.equal(ran.status, 0);
        assert.match(ran.files.requests ?? "", /"Name":"a-0123456789ab"/);
        assert.doesNotMatch(ran.files.requests ?? "", /"Name":"db-/);
    });

    test("an election is waited for; any other refusal is said, without the content", async () => {
        const refused = '500 {"message":"rpc error: code = InvalidArgument desc = too many"}';
        const ran = await run("objects", [object("secret", "db", "hush")], {
            posts: [
                '503 {"message":"rpc error: code = Unknown desc = The swarm does not have a leader."}',
                refused,
            ],
        });
        assert.equal(ran.status, 1);
        assert.equal(ran.sleeps, 1);
        assert.equal(
            ran.stderr,
            "secret db: it cannot be made: rpc error: code = InvalidArgument desc = too many\n",
        );
    });

    test("one that somebody has made meanwhile is looked for again", async () => {
        const posts = ['409 {"message":"rpc error: code = AlreadyExists desc = secret db already exists"}'];
        const ran = await run("objects", [object("secret", "db", "hush")], { posts });
        assert.deepEqual([ran.status, ran.sleeps, ran.stderr], [0, 1, ""]);
    });

    test("no leader for two minutes", async () => {
        const ran = await run("objects", [object("secret", "db", "hush")], {
            posts: Array.from({ length: 130 }, () => '503 {"message":"The swarm does not have a leader."}'),
        });
        assert.equal(
            ran.stderr,
            "secret db: it cannot be made, after 120 s: The swarm does not have a leader.\n",
        );
    });
});

describe("what nothing asks for goes", () => {
    const here = [
        "secret db-3 s3 30 db dev free",
        "secret db-2 s2 20 db dev free",
        "secret db-1 s1 10 db dev free",
        "secret gone-1 s4 5 gone dev free",
        "secret theirs s5 5 theirs prod free",
        "config motd-1 c1 7 motd dev free",
    ];
    const left = (text = "") =>
        text
            .split("\n")
            .filter(Boolean)
            .map((line) => line.split(" ")[1]);
    const rows: [what: string, keep: number, wanted: Line[], left: string[]][] = [
        [
            "former ones",
            0,
            [
                ["secret", "db-3 db"],
                ["config", "motd-1 motd"],
            ],
            ["db-3", "theirs", "motd-1"],
        ],
        ["but for the last", 1, [["secret", "db-3 db"]], ["db-3", "db-2", "theirs"]],
        [
            "one is wanted again: the newest other one is kept",
            1,
            [["secret", "db-1 db"]],
            ["db-3", "db-1", "theirs"],
        ],
        ["all of them", 5, [], ["theirs"]],
    ];
    for (const [what, keep, wanted, expected] of rows) {
        test(what, async () => {
            const ran = await run("unused", [["keep", keep], ...wanted], { here });
            assert.equal(ran.stderr, "");
            assert.deepEqual(left(ran.files.here), expected);
            assert.equal(
                ran.stdout,
                `{"script":"unused","node":"m1","removed":${here.length - expected.length}}\n`,
            );
        });
    }

    test("the stack's own under a former name, and from before it had a mark; of no stack that is called alike", async () => {
        const own = ["secret a-1 s1 1 a swarm-old-3f9a2c1b free", "config b-1 c1 1 b swarm-new free"];
        const others = [
            "secret c-1 s2 1 c swarm-new-0a1b2c3d free",
            "secret d-1 s3 1 d swarm-old free",
            "config e-1 c2 1 e swarm free",
        ];
        const ran = await run("unused", [["keep", 0]], { here: [...own, ...others] }, "swarm-new-3f9a2c1b");
        assert.equal(ran.stderr, "");
        assert.equal(ran.files.here, others.map((line) => `${line}\n`).join(""));
    });

    test("of each its own last one", async () => {
        const former = ["db", "key"].flatMap((name) =>
            [2, 1].map(
                (version) => `secret ${name}-${version} ${name}${version} ${version} ${name} dev free`,
            ),
        );
        const wanted: Line[] = [
            ["secret", "db-3 db"],
            ["secret", "key-3 key"],
        ];
        const ran = await run("unused", [["keep", 1], ...wanted], { here: former });
        assert.deepEqual(left(ran.files.here), ["db-2", "key-2"]);
    });

    test("one that a service uses stays, and that is said; another refusal is an error", async () => {
        const used = await run("unused", [["keep", 0]], {
            here: ["secret db-1 s1 1 db dev in_use_by_the_following_service:_web"],
        });
        assert.equal(used.status, 0);
        assert.match(used.stderr, /^secret db-1 stays: .*in use by the following service: web\n$/);
        const other = await run("unused", [["keep", 0]], {
            here: ["secret db-1 s1 1 db dev without_a_leader"],
        });
        assert.equal(other.status, 1);
        assert.match(other.stderr, /^secret db-1 cannot be removed: .*without a leader\n$/);
    });
});
