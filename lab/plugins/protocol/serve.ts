import { fstatSync } from "node:fs";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { Operations } from "./operations.ts";
import type { Provider } from "./provider.ts";
import { providerService } from "./service.ts";

/** What the engine itself allows for one message (rpcutil's GrpcChannelOptions). */
const MAX_MESSAGE_BYTES = 400 * 1024 * 1024;

/** Starts a server for the provider on a free loopback port. */
export async function listen(
    provider: Provider,
    operations: Operations,
): Promise<{ server: Server; port: number }> {
    const server = new Server({
        "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
        "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
    });
    server.addService(ResourceProviderService, providerService(provider, operations));
    const port = await new Promise<number>((resolve, reject) => {
        server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
            error === null ? resolve(bound) : reject(error),
        );
    });
    return { server, port };
}

/**
 * A plugin's main: serves until the engine ends the process, having printed the port on the first line of
 * stdout, as the engine expects. The engine's own address is the last argument.
 */
export async function serve(provider: Provider): Promise<void> {
    const operations = new Operations();
    operations.engineAddress = process.argv.slice(2).findLast((argument) => !argument.startsWith("-")) ?? "";
    exitWithParent();
    const { port } = await listen(provider, operations);
    process.stdout.write(`${port}\n`);
}

/**
 * The engine holds the other end of stdin. When it is killed, the end of stdin is all that tells, and without
 * this every killed run would leave its plugins behind.
 */
function exitWithParent(): void {
    const stdin = fstatSync(0);
    if (stdin.isFIFO() || stdin.isSocket()) {
        process.stdin
            .on("end", () => process.exit(0))
            .on("error", () => process.exit(0))
            .resume();
    }
}
