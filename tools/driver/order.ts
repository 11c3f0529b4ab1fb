/** The order in which one destination first gets the events of each user. */
export class Order<User> {
  readonly #latest = new Map<User, number>();

  /** @param index of an event that arrives for the first time @returns the later one of the same user that came before it */
  overtakenBy(user: User, index: number): number | undefined {
    const latest = this.#latest.get(user);
    if (latest !== undefined && index < latest) return latest;
    this.#latest.set(user, index);
    return undefined;
  }
}
