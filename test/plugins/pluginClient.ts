import { credentials, type ServiceError } from "@grpc/grpc-js";
import type plugins from "@pulumi/pulumi/proto/plugin_pb.js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import statusMessages from "@pulumi/pulumi/proto/status_pb.js";
import empties from "google-protobuf/google/protobuf/empty_pb.js";
import type { DiffResult } from "../../lab/plugins/protocol/diff.ts";
import { Operations } from "../../lab/plugins/protocol/operations.ts";
import type { Provider } from "../../lab/plugins/protocol/provider.ts";
import { listen } from "../../lab/plugins/protocol/serve.ts";
import { fromStruct, toStruct } from "../../lab/plugins/protocol/structs.ts";
import type { Props } from "../../lab/plugins/protocol/values.ts";

/** One call to a plugin, in the form of the recordings under test/conformance. */
export interface RecordedCall {
    method: string;
    /** Type token of the resource. */
    type?: string | null;
    /** Name of the resource. */
    name?: string;
    tok?: string;
    args?: Props;
    id?: string;
    olds?: Props;
    oldInputs?: Props;
    news?: Props;
    properties?: Props;
    inputs?: Props;
    preview?: boolean;
    ignoreChanges?: string[];
    timeout?: number;
}

/** What a plugin answered: the response as JSON, or the error's text as the engine sees it. */
export type Answer = { response: Record<string, unknown> } | { error: string; details?: Props };

const KINDS = ["ADD", "ADD_REPLACE", "DELETE", "DELETE_REPLACE", "UPDATE", "UPDATE_REPLACE"];
const CHANGES = ["DIFF_UNKNOWN", "DIFF_NONE", "DIFF_SOME"];

/** A provider behind its real gRPC server, in this process, and a client for it. */
export interface PluginClient {
    call(call: RecordedCall): Promise<Answer>;
    /** Sends the provider's configuration, as the engine does before anything else. */
    configure(args: Props): Promise<Answer>;
    cancel(): Promise<void>;
    close(): void;
}

/** @param engineAddress where the plugin sends its log; nowhere when left out */
export async function startPluginClient(provider: Provider, engineAddress = ""): Promise<PluginClient> {
    const operations = new Operations();
    operations.engineAddress = engineAddress;
    const { server, port } = await listen(provider, operations);
    const client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());

    type Reply<R> = (error: ServiceError | null, response: R) => void;
    function ask<R>(send: (reply: Reply<R>) => unknown, read: (response: R) => Record<string, unknown>) {
        return new Promise<Answer>((resolve) => {
            send((error, response) =>
                resolve(error === null ? { response: read(response) } : failure(error)),
            );
        });
    }

    function call(recorded: RecordedCall): Promise<Answer> {
        const urn = `urn:pulumi:dev::swarm::${recorded.type}::${recorded.name ?? "x"}`;
        const id = recorded.id ?? "";
        const struct = (props: Props | undefined) => toStruct(props ?? {});
        switch (recorded.method) {
            case "GetPluginInfo":
                return ask(
                    (reply: Reply<InstanceType<typeof plugins.PluginInfo>>) =>
                        client.getPluginInfo(new empties.Empty(), reply),
                    (info) => ({
                        version: info.getVersion(),
                    }),
                );
            case "Invoke": {
                const request = new messages.InvokeRequest();
                request.setTok(recorded.tok ?? "");
                request.setArgs(struct(recorded.args));
                return ask(
                    (reply: Reply<InstanceType<typeof messages.InvokeResponse>>) =>
                        client.invoke(request, reply),
                    (result) => ({ return: fromStruct(result.getReturn()) }),
                );
            }
            case "Check": {
                const request = new messages.CheckRequest();
                request.setUrn(urn);
                request.setOlds(struct(recorded.olds));
                request.setNews(struct(recorded.news));
                request.setRandomseed(Buffer.alloc(32, 7));
                return ask(
                    (reply: Reply<InstanceType<typeof messages.CheckResponse>>) =>
                        client.check(request, reply),
                    (result) => ({
                        inputs: fromStruct(result.getInputs()),
                        ...(result.getFailuresList().length > 0 && {
                            failures: result
                                .getFailuresList()
                                .map((entry) => `${entry.getProperty()}: ${entry.getReason()}`),
                        }),
                    }),
                );
            }
            case "Diff": {
                const request = new messages.DiffRequest();
                request.setUrn(urn);
                request.setId(id);
                request.setOlds(struct(recorded.olds));
                request.setOldInputs(struct(recorded.oldInputs));
                request.setNews(struct(recorded.news));
                request.setIgnorechangesList(recorded.ignoreChanges ?? []);
                return ask(
                    (reply: Reply<InstanceType<typeof messages.DiffResponse>>) => client.diff(request, reply),
                    diffAnswer,
                );
            }
            case "Create": {
                const request = new messages.CreateRequest();
                request.setUrn(urn);
                request.setProperties(struct(recorded.properties));
                request.setPreview(recorded.preview ?? false);
                request.setTimeout(recorded.timeout ?? 0);
                return ask(
                    (reply: Reply<InstanceType<typeof messages.CreateResponse>>) =>
                        client.create(request, reply),
                    (result) => ({
                        ...(result.getId() !== "" && { id: result.getId() }),
                        properties: fromStruct(result.getProperties()),
                    }),
                );
            }
            case "Read": {
                const request = new messages.ReadRequest();
                request.setUrn(urn);
                request.setId(id);
                request.setProperties(struct(recorded.properties));
                request.setInputs(struct(recorded.inputs));
                return ask(
                    (reply: Reply<InstanceType<typeof messages.ReadResponse>>) => client.read(request, reply),
                    (result) =>
                        result.getId() === ""
                            ? {}
                            : {
                                  id: result.getId(),
                                  properties: fromStruct(result.getProperties()),
                                  inputs: fromStruct(result.getInputs()),
                              },
                );
            }
            case "Update": {
                const request = new messages.UpdateRequest();
                request.setUrn(urn);
                request.setId(id);
                request.setOlds(struct(recorded.olds));
                request.setOldInputs(struct(recorded.oldInputs));
                request.setNews(struct(recorded.news));
                request.setPreview(recorded.preview ?? false);
                return ask(
                    (reply: Reply<InstanceType<typeof messages.UpdateResponse>>) =>
                        client.update(request, reply),
                    (result) => ({
                        properties: fromStruct(result.getProperties()),
                    }),
                );
            }
            case "Delete": {
                const request = new messages.DeleteRequest();
                request.setUrn(urn);
                request.setId(id);
                request.setProperties(struct(recorded.properties));
                request.setOldInputs(struct(recorded.oldInputs));
                return ask(
                    (reply: Reply<InstanceType<typeof empties.Empty>>) => client.delete(request, reply),
                    () => ({}),
                );
            }
            default:
                throw new Error(`a recording has a call "${recorded.method}" that this client does not know`);
        }
    }

    return {
        call,
        configure(args) {
            const request = new messages.ConfigureRequest();
            request.setArgs(toStruct(args));
            return ask(
                (reply: Reply<InstanceType<typeof messages.ConfigureResponse>>) =>
                    client.configure(request, reply),
                () => ({}),
            );
        },
        async cancel() {
            await ask(
                (reply: Reply<InstanceType<typeof empties.Empty>>) =>
                    client.cancel(new empties.Empty(), reply),
                () => ({}),
            );
        },
        close() {
            client.close();
            server.forceShutdown();
        },
    };
}

function diffAnswer(result: InstanceType<typeof messages.DiffResponse>): Record<string, unknown> {
    const detailed: Record<string, { kind: string | undefined }> = {};
    result.getDetaileddiffMap().forEach((entry, path) => {
        detailed[path] = { kind: KINDS[entry.getKind()] };
    });
    const lists: Partial<DiffResult> = {
        replaces: result.getReplacesList(),
        stables: result.getStablesList(),
        diffs: result.getDiffsList(),
    };
    // The recordings leave out what is empty or false.
    return {
        ...Object.fromEntries(Object.entries(lists).filter(([, list]) => (list as string[]).length > 0)),
        changes: CHANGES[result.getChanges()],
        ...(result.getDeletebeforereplace() && { deleteBeforeReplace: true }),
        ...(Object.keys(detailed).length > 0 && { detailedDiff: detailed }),
        hasDetailedDiff: result.getHasdetaileddiff(),
    };
}

/** The error's text, and the resource that exists although the call failed, if the error carries one. */
function failure(error: ServiceError): Answer {
    const [details] = error.metadata?.get("grpc-status-details-bin") ?? [];
    // The detail's type URL stands in clear in the message; the resource behind it is what the engine keeps.
    return Buffer.isBuffer(details) && details.includes("pulumirpc.ErrorResourceInitFailed")
        ? { error: error.details, details: initFailed(details) }
        : { error: error.details };
}

function initFailed(details: Buffer): Props {
    // google.rpc.Status { code = 1, message = 2, details = 3 }, read by the same library that wrote it.
    const { Status } = statusMessages;
    const detail = Status.deserializeBinary(details).getDetailsList()[0];
    const failed = messages.ErrorResourceInitFailed.deserializeBinary(
        detail?.getValue_asU8() ?? new Uint8Array(),
    );
    return {
        id: failed.getId(),
        properties: fromStruct(failed.getProperties()),
        inputs: fromStruct(failed.getInputs()),
        reasons: failed.getReasonsList(),
    };
}
