/** Pages of a collection, as the API's introduction describes them under "Links & Pagination". */

export const DEFAULT_PER_PAGE = 20;
export const MAX_PER_PAGE = 200;

export interface Page<T> {
    readonly items: readonly T[];
    readonly links: { readonly pages?: Readonly<Record<string, string>> };
    readonly meta: { readonly total: number };
}

/** A count from a query; the service falls back to the default instead of refusing nonsense. */
function count(text: string | null, fallback: number, max: number): number {
    if (text === null || !/^\d+$/.test(text) || Number(text) < 1) {
        return fallback;
    }
    return Math.min(Number(text), max);
}

/**
 * Cuts the page out of `items` that the URL's `page` (from 1) and `per_page` (default 20, at most 200)
 * ask for. `links.pages` holds just the links that make sense: none on a single page, no `prev` on the
 * first, no `next` on the last; other query parameters are kept in them.
 */
export function paginate<T>(items: readonly T[], url: URL): Page<T> {
    const perPage = count(url.searchParams.get("per_page"), DEFAULT_PER_PAGE, MAX_PER_PAGE);
    const page = count(url.searchParams.get("page"), 1, Number.MAX_SAFE_INTEGER);
    const last = Math.max(1, Math.ceil(items.length / perPage));
    const linkTo = (target: number) => {
        const link = new URL(url);
        link.searchParams.set("page", String(target));
        link.searchParams.set("per_page", String(perPage));
        return link.toString();
    };
    const pages: Record<string, string> = {};
    if (page > 1) {
        pages.first = linkTo(1);
        pages.prev = linkTo(Math.min(page - 1, last));
    }
    if (page < last) {
        pages.next = linkTo(page + 1);
        pages.last = linkTo(last);
    }
    const start = (page - 1) * perPage;
    return {
        items: items.slice(start, start + perPage),
        links: Object.keys(pages).length > 0 ? { pages } : {},
        meta: { total: items.length },
    };
}
