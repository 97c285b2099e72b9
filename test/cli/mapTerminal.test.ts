import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { pictureOf } from "../../cli/map/picture.ts";
import { drawTerminal } from "../../cli/map/terminal.ts";
import { bare, large, troubled, view } from "./mapViews.ts";

const plain = (cluster = view(), width = 80) => drawTerminal(pictureOf(cluster), { width, colours: 0 });

describe("the map in a terminal", () => {
    test("a cluster that is well", () => {
        assert.equal(
            plain(),
            `Swarm lab
4 nodes, all ready: 1 manager, 3 workers. 1 service: 2 of 2 tasks run.
[N] nginx: 2 of 2 run, nginx:1.27, 80:80/tcp

┌─ node1 ─────────────────────────────┐ ┌─ node2 ─────────────────────────────┐
│ manager, leader                     │ │ worker                              │
│ ✓ ready                             │ │ ✓ ready                             │
│                                     │ │ [N] nginx.1                         │
└─────────────────────────────────────┘ └─────────────────────────────────────┘
┌─ node3 ─────────────────────────────┐ ┌─ node4 ─────────────────────────────┐
│ worker                              │ │ worker                              │
│ ✓ ready                             │ │ ✓ ready                             │
│                                     │ │ [N] nginx.2                         │
└─────────────────────────────────────┘ └─────────────────────────────────────┘
`,
        );
    });

    test("a cluster in which much is amiss", () => {
        assert.equal(
            plain(troubled),
            `Swarm lab
7 nodes, 5 ready: 3 managers, 4 workers. 1 node not in the swarm. 1 droplet that
nobody knows. 4 services: 5 of 10 tasks run.
[As] a-service-with-a-name-as-long-as-one-can-be: 1 of 1 run,
     a-service-with-a-name-as-long-as-one-can-be:1.0
[Ag] agent: 2 of 3 run, agent:1.0, global !
[Ap] api: 0 of 2 run, api:1.0 ✗
[N] nginx: 2 of 4 run, nginx:1.0, rollback paused !

┌─ node1 ────────────────┐ ╔═ node2 ════════════════╗ ╔═ node3 ════════════════╗
│ manager, leader        │ ║ manager                ║ ║ manager, worker wanted ║
│ ✓ ready, drained       │ ║ ✗ down, drained,       ║ ║ ! ready, drained       ║
│                        │ ║ unreachable            ║ ║                        ║
└────────────────────────┘ ╚════════════════════════╝ ╚════════════════════════╝
╔═ gone ═════════════════╗ ╔═ guest ════════════════╗ ┌─ node4 ────────────────┐
║ worker wanted          ║ ║ worker                 ║ │ worker                 │
║ ✗ not in the swarm     ║ ║ ! ready, foreign       ║ │ ✓ ready                │
║                        ║ ║ [N] nginx.4-           ║ │ [As] a-service-with….1 │
║                        ║ ║                        ║ │ [Ag] agent             │
║                        ║ ║                        ║ │ [Ap] api.1+            │
║                        ║ ║                        ║ │ [N] nginx.1 .3+        │
╚════════════════════════╝ ╚════════════════════════╝ └────────────────────────┘
╔═ node5 ════════════════╗ ╔═ node10 ═══════════════╗ ╔═ node4 ════════════════╗
║ worker                 ║ ║ worker                 ║ ║ droplet                ║
║ ✗ down, droplet off    ║ ║ ! ready, paused        ║ ║ ! in neither swarm nor ║
║ [N] nginx.3?           ║ ║ [Ag] agent             ║ ║ stack                  ║
║                        ║ ║ [Ap] api.1✗            ║ ║                        ║
║                        ║ ║ [N] nginx.2            ║ ║                        ║
╚════════════════════════╝ ╚════════════════════════╝ ╚════════════════════════╝
1 task without a node
  [Ap] api.2…
! node2: no answer on port 22
! api.1 on node10: task: non-zero exit (1)
! api.2: no suitable node (insufficient resources on 3 nodes)
+ starting   … waiting   - leaving   ✗ failed   ? unknown
`,
        );
    });

    test("a cluster without services", () => {
        assert.equal(plain(bare).split("\n")[1], "4 nodes, all ready: 1 manager, 3 workers. No services.");
    });

    for (const width of [20, 40, 57, 80, 120, 400]) {
        for (const [what, cluster] of Object.entries({ view: view(), troubled, large })) {
            test(`${what} fits ${width} columns, or 40 where there are fewer`, () => {
                const lines = plain(cluster, width).split("\n");
                const longest = Math.max(...lines.map((line) => [...line].length));
                assert.ok(longest <= Math.min(Math.max(width, 40), 160), `${longest} columns`);
                // Every box is closed: as many corners of each kind.
                const count = (signs: RegExp) => lines.join("").match(signs)?.length ?? 0;
                assert.equal(count(/[┌╔]/g), cluster.nodes.length);
                for (const corner of [/[┐╗]/g, /[└╚]/g, /[┘╝]/g])
                    assert.equal(count(corner), cluster.nodes.length);
            });
        }
    }

    test("no node and no task of many is left out", () => {
        const text = plain(large);
        for (const { name } of large.nodes) assert.match(text, new RegExp(`─ ${name} ─`));
        const drawn = text.match(/(?<=[a-z ])\.\d+/g)?.length ?? 0;
        assert.equal(drawn, large.tasks.filter(({ slot }) => slot !== undefined).length);
    });

    for (const [colours, mark] of [
        [16, "\u001b[97;44m N \u001b[0m"],
        [256, "\u001b[38;5;231;48;5;25m N \u001b[0m"],
    ] as const) {
        test(`${colours} colours: they are taken back, and only the brackets of the letters differ`, () => {
            const text = drawTerminal(pictureOf(view()), { width: 80, colours });
            assert.ok(text.includes(mark), JSON.stringify(text));
            assert.equal(stripVTControlCharacters(text), plain().replaceAll(/\[(\w+)\]/g, " $1 "));
        });
    }
});
