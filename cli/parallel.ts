/** Does the work for all items, so many at a time; results are in the items' order. */
export async function atMost<T, R>(
    limit: number,
    items: readonly T[],
    work: (item: T) => Promise<R>,
): Promise<R[]> {
    const results: R[] = new Array(items.length);
    const left = items.entries();
    const worker = async () => {
        for (const [index, item] of left) results[index] = await work(item);
    };
    await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
    return results;
}
