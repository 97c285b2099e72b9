import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DECLARED_KEYS, parseSettings } from "../../config.ts";

/** Values of every shape, among them some that a key may well take. */
const anything = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom(
        "",
        "0",
        1,
        true,
        "nginx",
        "node1",
        "80:80",
        "10s",
        "64M",
        "10.120.0.0/20",
        "type=bind",
        "a[1:3]",
    ),
);

const option = fc.constantFrom(
    ..."image replicas global ports env command args constraints labels mounts networks limits restart".split(
        " ",
    ),
    ..."update user workdir hostname init readOnly stopGracePeriod timeout bogus".split(" "),
);

const configuration = fc.dictionary(
    fc.oneof(fc.constantFrom(...Object.keys(DECLARED_KEYS)), fc.string({ minLength: 1 })),
    fc.oneof(
        anything,
        fc.array(anything, { maxLength: 3 }),
        fc.dictionary(
            fc.string(),
            fc.dictionary(option, fc.oneof(anything, fc.array(anything, { maxLength: 3 }))),
        ),
    ),
);

test("whatever the configuration is, the answer is settings or problems of one line each", () => {
    fc.assert(
        fc.property(configuration, (raw) => {
            const result = parseSettings(raw);
            if ("problems" in result) {
                assert.ok(result.problems.length > 0);
                for (const text of result.problems) {
                    assert.match(text, /^swarm:.+(?:; allowed: .+|; the nearest known one is swarm:.+)$/);
                }
            } else {
                assert.ok(result.settings.sshFrom.length > 0);
            }
        }),
        { numRuns: 300 },
    );
});
