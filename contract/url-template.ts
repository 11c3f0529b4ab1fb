/** Places for values of an event in a destination's URL: `https://api.example.com/users/{userId}/events`. */

export const PLACE = /\{([^{}]*)\}/g;

/** What stands in one: a path of the event, of names with dots between them. */
export const EVENT_PATH = /^[\w-]+(\.[\w-]+)*$/;
