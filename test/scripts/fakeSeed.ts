/** The seed of a fake swarm, for the tests of swarm.sh. */
import type { Line } from "../../model/scriptInput.ts";
import {
    AUTOLOCK,
    CERTIFICATE,
    digest,
    fakeDaemon,
    inactive,
    MANAGERS,
    POOL,
    REMOTE_MANAGERS,
} from "./fakeDaemon.ts";

/** What the seed's script is sent. */
export const input: Line[] = [
    ["node", "node1"],
    ["address", "10.120.0.2"],
    ["range", "10.120.0.0/20"],
    ["limit", 1],
    ["minimum", "20.10.24"],
    ["stack", "swarm-dev"],
    ["pool", "10.200.0.0/16"],
    ["mask", 24],
    ["rotation", 0],
    ["autolock", "false"],
    ["peer", "10.120.0.3"],
];

/** A daemon that shows its own node as the manager it is once it is one. */
export function daemon(state: string, more = ""): string {
    return fakeDaemon(
        state,
        `${more}
        "node ls --filter role=manager --format {{.ID}}") echo abc123 ;;
        "${MANAGERS}"*) echo 10.120.0.2:2377 ;;
        "${POOL}") echo "10.200.0.0/16 24" ;;
        "${REMOTE_MANAGERS}") echo "10.120.0.7:2377"; echo "10.120.0.3:2377" ;;
        "${AUTOLOCK}") cat "$dir/autolock" 2>/dev/null || echo false ;;
        "swarm update --autolock="*) echo "\${3#--autolock=}" >"$dir/autolock" ;;
        "swarm unlock-key -q") cat "$dir/key" 2>/dev/null || echo SWMKEY-1-first ;;
        "swarm unlock-key --rotate -q") echo SWMKEY-1-second | tee "$dir/key" ;;
        "swarm join-token --rotate -q "*) echo "SWMTKN-2-\${5}" | tee "$dir/token-\${5}" ;;
        "swarm join-token -q "*) cat "$dir/token-\${4}" 2>/dev/null || echo "SWMTKN-1-\${4}" ;;
        "swarm leave"*) echo "${inactive}" >"$dir/state" ;;`,
    );
}
/** States for `daemon`: the seed as a manager, and as a worker. */
export const manages = "active true id=abc123 addr=10.120.0.2 cluster=ours error=";
export const works = "active false id=abc123 addr=10.120.0.2 cluster= error=";
export const files = { [CERTIFICATE]: "our certificate\n" };
const ours = digest("our certificate\n");
export const answer = (managers: string, ca = ours) =>
    `{"script":"swarm","node":"node1","cluster":"ours","ca":"${ca}","managers":"${managers}",` +
    '"workerToken":"SWMTKN-1-worker","managerToken":"SWMTKN-1-manager",' +
    '"rotation":"0","unlockKey":"","formerUnlockKey":""}\n';
export const previous = { PULUMI_COMMAND_STDOUT: answer("10.120.0.9 10.120.0.2 10.120.0.3") };
