/** When a retention of records warns: control publishes it, the template's alarms name it. All times are milliseconds. */

/** The longest warning period. */
const MAX_WARNING = 7 * 24 * 3_600_000;

/** How long before its deletion a record that nobody has seen is warned of: a fifth of the retention, a week at most. */
export const warningOf = (retention: number): number => Math.min(MAX_WARNING, Math.floor(retention / 5));

/** The last part of the warning period, in which the warning is a page. */
export const lastWarningOf = (retention: number): number => Math.floor(warningOf(retention) / 3);
