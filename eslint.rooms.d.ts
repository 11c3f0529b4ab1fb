/** Each room, and the rooms that it may import. */
export const rooms: Readonly<Record<string, readonly string[]>>;
export const zones: readonly object[];
