/**
 * Stands between the code under test and its ports.
 * @param name `port.method`
 * @param effect does what the port does
 */
export type Gate = (
  name: string,
  args: readonly unknown[],
  effect: () => Promise<unknown>,
) => Promise<unknown>;

/** The port, with all calls of its methods going through the gate. */
export const gated = <Port extends object>(port: Port, name: string, gate: Gate): Port =>
  new Proxy(port, {
    get(target, property) {
      const method: unknown = Reflect.get(target, property);
      if (typeof method !== 'function') return method;
      const call = method.bind(target) as (...args: unknown[]) => Promise<unknown>;
      return (...args: unknown[]) => gate(`${name}.${String(property)}`, args, () => call(...args));
    },
  });

/** A gated port, with some of its methods replaced. */
export const replaced = <Port extends object>(port: Port, methods: Partial<Port>): Port =>
  new Proxy(port, {
    get: (target, property): unknown =>
      Reflect.get(Reflect.has(methods, property) ? methods : target, property),
  });
