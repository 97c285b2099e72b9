// Loaded before all else: as if the packages had been installed by `npm ci --omit=dev`, without TypeScript.
const Module = require("node:module");

const resolve = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
    if (/^(typescript|ts-node)$/.test(request)) {
        throw Object.assign(new Error(`Cannot find module '${request}'`), { code: "MODULE_NOT_FOUND" });
    }
    return resolve.call(this, request, ...rest);
};
