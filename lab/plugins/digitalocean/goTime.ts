/**
 * A time as Go prints it by default (`2026-11-22 23:57:21.018 +0000 UTC`), which the official provider stores for
 * a VPC. Digits of the fraction are kept as the API sends them, without trailing zeros.
 *
 * @param rfc3339 as the API has it, in UTC: `2026-11-22T23:57:21.018Z`
 */
export function goTime(rfc3339: string): string {
    const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?(?:Z|\+00:00)$/.exec(rfc3339);
    if (match === null) {
        return rfc3339;
    }
    const [, date, time, fraction = ""] = match;
    return `${date} ${time}${fraction.replace(/\.?0+$/, "")} +0000 UTC`;
}
