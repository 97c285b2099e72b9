import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { loadSettings } from "../../config.ts";

/** The stack's configuration as the engine hands it over: every value a string. */
function configure(config: Record<string, string>, secretKeys: string[] = []) {
    pulumi.runtime.setAllConfig(config, secretKeys);
}

describe("settings of the stack", () => {
    afterEach(() => configure({}));

    test("come from the keys of this project alone", () => {
        configure({
            "swarm:sshFrom": '["203.0.113.7/32"]',
            "swarm:config:workers": "w[1:2]",
            "swarm:overlayPoolMaskLength": "25",
            "swarm:monitoring": "true",
            "digitalocean:token": "t",
            "swarmer:region": "nowhere",
        });
        const settings = loadSettings();
        assert.deepEqual(settings.workers, ["w1", "w2"]);
        assert.equal(settings.overlayPoolMaskLength, 25);
        assert.equal(settings.monitoring, true);
        assert.equal(settings.region, "sgp1");
        assert.deepEqual(settings.secretKeys, []);
    });

    test("have nothing where a key is there without a value, and never the default", () => {
        configure({ "swarm:sshFrom": '["::/0"]', "swarm:workers": "" });
        assert.deepEqual(loadSettings().workers, []);
    });

    test("say which keys are stored encrypted", () => {
        const services = '{"web":{"image":"nginx","env":{"PASSWORD":"hush"}}}';
        configure({ "swarm:sshFrom": '["::/0"]', "swarm:services": services, "other:key": "x" }, [
            "swarm:services",
            "other:key",
        ]);
        const settings = loadSettings();
        assert.deepEqual(settings.secretKeys, ["services"]);
        assert.equal(settings.services[0]?.env.PASSWORD, "hush");
    });

    test("that are wrong end the program with one error that lists them", () => {
        configure({ "swarm:regoin": "x", "swarm:size": "1 GB", "swarm:sshFrom": "[]" });
        assert.throws(loadSettings, (error) => {
            // What the engine prints without a stack trace.
            assert.ok(pulumi.RunError.isInstance(error));
            assert.equal(
                error.message,
                [
                    "The configuration of this stack has 3 problems:",
                    "  - swarm:regoin: unknown key; the nearest known one is swarm:region",
                    '  - swarm:size: "1 GB"; allowed: the slug of a droplet size such as "s-1vcpu-1gb"',
                    "  - swarm:sshFrom: []: nobody could log in, this program included; allowed: a list of IPv4 or " +
                        'IPv6 ranges such as ["203.0.113.7/32", "2001:db8::/48"], at least one; "0.0.0.0/0" and ' +
                        '"::/0" open port 22 to the whole world',
                ].join("\n"),
            );
            return true;
        });
    });

    test("do not show an encrypted value that is wrong", () => {
        configure({ "swarm:sshFrom": '["hush"]' }, ["swarm:sshFrom"]);
        assert.throws(loadSettings, {
            message:
                "The configuration of this stack has a problem:\n" +
                "  - swarm:sshFrom[0]: [secret]; allowed: a list of IPv4 or IPv6 ranges such as " +
                '["203.0.113.7/32", "2001:db8::/48"], at least one; "0.0.0.0/0" and "::/0" open port 22 to the whole world',
        });
    });
});
