/** The stack that a command is about, read through Pulumi. */
import { accessFrom, type Cloud, type CloudAccess, cloud } from "../cloud.ts";
import { CliError, EXIT } from "./errors.ts";
import { type Config, configOf, exportedState, type StackChoice, stackName } from "./pulumi.ts";
import { checkProject, nameIn, readState, type StackState } from "./stackState.ts";

/** Reads the stack's state. @throws CliError With the reason that it cannot be read, and what to do. */
export async function loadStack(choice: StackChoice): Promise<StackState> {
    const called = choice.stack ?? process.env.PULUMI_STACK;
    if (called) checkProject(called);
    const exported = JSON.parse(await exportedState(choice));
    return readState(exported, nameIn(exported) ?? (await stackName(choice)));
}

/** Token and address as the program itself takes them: the stack's config, or the environment. */
async function cloudAccess(choice: StackChoice): Promise<CloudAccess> {
    const given = (config: Config) => {
        const [token, apiEndpoint] = ["token", "apiEndpoint"].map(
            (key) => config[`digitalocean:${key}`]?.value,
        );
        return accessFrom(process.env, { token, apiEndpoint });
    };
    const access = await configOf(choice).then(given, async (error) => {
        // Somebody without the passphrase may well have a token.
        const found = given(await configOf(choice, false).catch(() => ({})));
        if (found) return found;
        throw error;
    });
    if (access) return access;
    throw new CliError(
        "there is no DigitalOcean token: set DIGITALOCEAN_TOKEN, or: pulumi config set --secret digitalocean:token",
        EXIT.unreachable,
    );
}

export async function openCloud(choice: StackChoice): Promise<Cloud> {
    return cloud({ ...(await cloudAccess(choice)), signal: choice.signal });
}
