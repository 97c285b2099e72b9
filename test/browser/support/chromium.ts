/** A real browser, without a window. */
import assert from "node:assert/strict";
import { accessSync, constants } from "node:fs";
import path from "node:path";
import type { TestContext } from "node:test";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** Path of the browser. Its lack fails the tests, since nothing else can tell what a person would see. */
function executable(env = process.env): string {
    const candidates =
        env.CHROMIUM === undefined
            ? (env.PATH ?? "")
                  .split(path.delimiter)
                  .flatMap((folder) => NAMES.map((name) => path.join(folder, name)))
            : [env.CHROMIUM];
    const found = candidates.find((file) => {
        try {
            accessSync(file, constants.X_OK);
            return true;
        } catch {
            return false;
        }
    });
    if (found !== undefined) return found;
    throw new Error(
        `these tests need a browser, and there is none: ${env.CHROMIUM ?? `neither ${NAMES.join(" nor ")} on PATH`}. ` +
            "On Debian: apt-get install --no-install-recommends chromium. Elsewhere set CHROMIUM to its path.",
    );
}

export function openBrowser(): Promise<Browser> {
    return chromium.launch({
        executablePath: executable(),
        // Chromium's sandbox refuses root, as which tests run on a build machine; the pages here are our own.
        args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
    });
}

/**
 * A page at this address. When the test ends, it fails if the page has asked another host for anything, or if the
 * browser has complained: an error in a script, something that the page's policy forbids.
 *
 * @param expected Complaints that are what the test is about.
 */
export async function openPage(
    t: Pick<TestContext, "after">,
    browser: Browser,
    url: string,
    options: BrowserContextOptions = {},
    expected = /^$/,
): Promise<Page> {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
    page.on("console", (message) => {
        // That the server is gone is a thing that tests make happen.
        const fine = message.text().includes("net::ERR_");
        if (["error", "warning"].includes(message.type()) && !fine) complaints.push(message.text());
    });
    page.on("request", (request) => {
        if (!request.url().startsWith(url)) complaints.push(`asked for ${request.url()}`);
    });
    t.after(async () => {
        await context.close();
        assert.deepEqual(
            complaints.filter((complaint) => !expected.test(complaint)),
            [],
        );
    });
    await page.goto(url);
    return page;
}
