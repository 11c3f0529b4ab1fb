/** Milliseconds since 1970. */
export type Clock = () => number;

/** Uniform in [0, 1). */
export type Random = () => number;
