import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb.js";
import empties from "google-protobuf/google/protobuf/empty_pb.js";

/** An engine that only listens to what plugins log. */
export interface EngineStub {
    address: string;
    /** `info! text` for a line that is shown while the operation runs, `warning text` for one that stays. */
    readonly messages: string[];
    close(): void;
}

const SEVERITIES = ["debug", "info", "warning", "error"];

export async function startEngineStub(): Promise<EngineStub> {
    const messages: string[] = [];
    const server = new Server();
    server.addService(EngineService, {
        log(call: ServerUnaryCall<LogRequest, unknown>, callback: sendUnaryData<unknown>) {
            const { request } = call;
            const mark = request.getEphemeral() ? "!" : "";
            messages.push(`${SEVERITIES[request.getSeverity()]}${mark} ${request.getMessage()}`);
            callback(null, new empties.Empty());
        },
    });
    const port = await new Promise<number>((resolve, reject) =>
        server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
            error === null ? resolve(bound) : reject(error),
        ),
    );
    return { address: `127.0.0.1:${port}`, messages, close: () => server.forceShutdown() };
}
