/**
 * Errors in the form that DigitalOcean's API gives them: `{ id, message, request_id }`, where `id` is
 * a short name of the status. Texts marked "service" are those its users quote; the others are ours.
 */

/** An answer other than success. Thrown by routes, turned into a response by the server. */
export class ApiError extends Error {
    readonly status: number;
    readonly id: string;
    /** Seconds for a `retry-after` header. */
    readonly retryAfter: number | undefined;

    constructor(status: number, message: string, options: { id?: string; retryAfter?: number } = {}) {
        super(message);
        this.name = "ApiError";
        this.status = status;
        this.id = options.id ?? errorId(status);
        this.retryAfter = options.retryAfter;
    }
}

const ERROR_IDS: Readonly<Record<number, string>> = {
    400: "bad_request",
    // Capitalised by the service itself, unlike all the others.
    401: "Unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    412: "precondition_failed",
    413: "request_entity_too_large",
    415: "unsupported_media_type",
    422: "unprocessable_entity",
    429: "too_many_requests",
    500: "server_error",
    503: "service_unavailable",
};

/** The short name that goes with a status; a status that has none is named after its class. */
export function errorId(status: number): string {
    return ERROR_IDS[status] ?? (status >= 500 ? "server_error" : "bad_request");
}

export interface ErrorBody {
    readonly id: string;
    readonly message: string;
    readonly request_id: string;
}

export function errorBody(error: { id: string; message: string }, requestId: string): ErrorBody {
    return { id: error.id, message: error.message, request_id: requestId };
}

export const unauthorized = () => new ApiError(401, "Unable to authenticate you");
export const forbidden = (message: string) => new ApiError(403, message);
export const notFound = () => new ApiError(404, "The resource you were accessing could not be found.");
export const conflict = (message: string) => new ApiError(409, message);
export const preconditionFailed = (message: string) => new ApiError(412, message);
export const unprocessable = (message: string) => new ApiError(422, message);
export const serverError = () => new ApiError(500, "Server was unable to give you a response.");
export const tooManyRequests = (retryAfter?: number) =>
    new ApiError(429, "API Rate limit exceeded.", retryAfter === undefined ? {} : { retryAfter });
