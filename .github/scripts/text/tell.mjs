/**
 * usage: node tell.mjs TEXT
 *
 * Sends TEXT to the address in SWARM_WEBHOOK_URL. The address is a secret, as whoever has it may write: no message
 * says it. Always ends with status 0. It is JavaScript, since the runner's own Node, which may know no types, has to tell
 * of a setup that failed.
 */
/* global fetch */
const [, , text] = process.argv;
const address = process.env.SWARM_WEBHOOK_URL ?? "";

async function send() {
    if (!/^https?:\/\//.test(address) || !URL.canParse(address))
        return "the secret SWARM_WEBHOOK_URL is no address such as https://hooks.example.com/...";
    try {
        const answer = await fetch(address, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ text }),
            signal: AbortSignal.timeout(20_000),
        });
        return answer.ok ? undefined : `the webhook answered with status ${answer.status}`;
    } catch (error) {
        // Node's own words may have the address in them.
        const why =
            error.name === "TimeoutError" ? "no answer within 20 s" : (error.cause?.code ?? "no answer");
        return `the webhook cannot be reached: ${why}`;
    }
}

const problem = await send();
console.log(problem === undefined ? `Told: ${text}` : `::warning::The message was not sent: ${problem}`);
