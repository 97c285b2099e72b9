/** A worker's join, as the program sends it, and how it ends well. */
import type { Line } from "../../model/scriptInput.ts";
import { digest, fakeDaemon, inactive, REMOTE_MANAGERS } from "./fakeDaemon.ts";

export const input: Line[] = [
    ["node", "node3"],
    ["address", "10.120.0.4"],
    ["range", "10.120.0.0/20"],
    ["limit", 1],
    ["minimum", "20.10.24"],
    ["stack", "swarm-dev"],
    ["role", "worker"],
    ["cluster", "ours"],
    ["ca", digest("our certificate\n")],
    ["token", "SWMTKN-1-secret"],
    ["seed", "10.120.0.2"],
    ["manager", "10.120.0.2"],
    ["manager", "10.120.0.3"],
];

/** How the daemon shows itself once it is in. */
export const joined = "active false id=abc123 addr=10.120.0.4 cluster= error=";

export const answer = '{"script":"join","node":"node3","id":"abc123","docker":"26.1.5","word":""}\n';

/** A daemon that knows the managers of its swarm. */
export function daemon(state: string, more = ""): string {
    return fakeDaemon(
        state,
        `${more}
        "${REMOTE_MANAGERS}") echo "10.9.9.9:2377" ;;
        "swarm leave"*) echo "${inactive}" >"$dir/state" ;;`,
    );
}
