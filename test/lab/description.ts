/** What of an answer DigitalOcean's published OpenAPI description does not have. */
import { Ajv, type ErrorObject } from "ajv";
import formats from "ajv-formats";

/** What of an OpenAPI document is read here. */
export interface Document {
    readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

interface Schema {
    readonly $ref?: string;
    readonly properties?: Readonly<Record<string, Schema>>;
    readonly items?: Schema;
    readonly allOf?: readonly Schema[];
    readonly anyOf?: readonly Schema[];
    readonly oneOf?: readonly Schema[];
}

export interface Answered {
    readonly method: string;
    readonly url: string;
    readonly status: number;
    /** The body as it was sent. */
    readonly text: string;
}

const JSON_SCHEMA = ["content", "application/json", "schema"];

const join = (at: string, keys: readonly string[]) =>
    [at, ...keys.map((key) => encodeURIComponent(key.replaceAll("~", "~0").replaceAll("/", "~1")))].join("/");

export class Description {
    readonly #document: Document;
    readonly #ajv: Ajv;
    readonly #paths: readonly { readonly path: string; readonly pattern: RegExp }[];

    constructor(document: Document) {
        this.#document = document;
        // Not strict, since schemas of OpenAPI 3.0 have words of their own; its patterns escape more than /u allows.
        this.#ajv = new Ajv({
            strict: false,
            validateSchema: false,
            unicodeRegExp: false,
            allErrors: true,
            logger: false,
        });
        formats.default(this.#ajv);
        this.#ajv.addSchema(document, "");
        this.#paths = Object.keys(document.paths)
            // So that `/v2/projects/default` comes before `/v2/projects/{project_id}`.
            .sort((one, other) => one.split("{").length - other.split("{").length)
            .map((path) => ({ path, pattern: new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, "[^/]+")}$`) }));
    }

    /** @returns a line for each way in which the answer is not one that is described. */
    violations({ method, url, status, text }: Answered): string[] {
        const { pathname } = new URL(url, "http://api");
        const path = this.#paths.find(({ pattern }) => pattern.test(pathname))?.path ?? pathname;
        const inContext = (line: string) => `${method} ${path} ${status}: ${line}`;
        const responses = ["#/paths", [path, method.toLowerCase(), "responses"]] as const;
        const known = this.#resolve(join(...responses));
        // What is not described can only be refused.
        if (known === undefined) return status < 400 ? [inContext("there is no such operation")] : [];
        const key = Object.hasOwn(known.value, status) ? `${status}` : "default";
        const response = this.#resolve(join(known.at, [key]));
        if (response === undefined || (key === "default" && status < 400)) {
            return [inContext("there is no such status")];
        }
        const schema = this.#resolve(join(response.at, JSON_SCHEMA));
        if (schema === undefined) return text === "" ? [] : [inContext("there is no body")];
        if (text === "") return [inContext("there is a body")];
        const body: unknown = JSON.parse(text);
        const validate = this.#ajv.getSchema(schema.at);
        if (validate === undefined) throw new Error(`no schema at ${schema.at}`);
        validate(body);
        const lines = [...(validate.errors ?? []).map(lineOf), ...this.#unknown([schema.value], body, "")];
        return [...new Set(lines)].map(inContext);
    }

    /** Fields that no schema of their object has. One that names no fields at all leaves them open. */
    #unknown(schemas: readonly Schema[], value: unknown, at: string): string[] {
        const parts = schemas.flatMap((schema) => this.#parts(schema));
        if (Array.isArray(value)) {
            const items = parts.flatMap(({ items }) => items ?? []);
            return value.flatMap((item) => this.#unknown(items, item, `${at}/*`));
        }
        if (typeof value !== "object" || value === null) return [];
        const known = parts.flatMap(({ properties }) => properties ?? []);
        if (known.length === 0) return [];
        return Object.entries(value).flatMap(([key, inner]) => {
            const described = known.flatMap(
                (properties) => (properties as Record<string, Schema>)[key] ?? [],
            );
            const field = `${at}/${key}`;
            return described.length > 0 ? this.#unknown(described, inner, field) : [`there is no ${field}`];
        });
    }

    /** A schema and all those that it is put together of. */
    #parts(schema: Schema): Schema[] {
        if (schema.$ref !== undefined) return this.#parts(this.#resolve(schema.$ref)?.value ?? {});
        const { allOf = [], anyOf = [], oneOf = [] } = schema;
        return [schema, ...[...allOf, ...anyOf, ...oneOf].flatMap((part) => this.#parts(part))];
    }

    /** What is at a place like `#/paths/~1v2~1droplets/get`, and where that is when it is kept elsewhere. */
    #resolve(at: string): { readonly at: string; readonly value: Schema } | undefined {
        let value: object | undefined = this.#document;
        for (const part of at.slice("#/".length).split("/")) {
            const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
            value = (value as Record<string, object> | undefined)?.[key];
        }
        const schema: Schema | undefined = value;
        if (schema?.$ref !== undefined) return this.#resolve(schema.$ref);
        return schema && { at, value: schema };
    }
}

function lineOf({ instancePath, message, params }: ErrorObject): string {
    const field = instancePath.replaceAll(/\/\d+(?=\/|$)/g, "/*") || "the body";
    return "allowedValues" in params
        ? `${field} must be one of ${params.allowedValues}`
        : `${field} ${message}`;
}
