/**
 * CloudWatch's metric math, as far as alarms of this pipeline use it: `+ - * /`, comparisons, `SUM`, `MIN`, `MAX`, `AVG`,
 * `FILL(m, number)`, `IF(condition, a, b)` and `METRICS()`. What else there is, is refused when the template is read.
 */

/** One value for each period; undefined where there is none. */
export type Series = readonly (number | undefined)[];
type Value = number | Series | readonly Series[];

export interface Expression {
  readonly text: string;
  /** Ids of the metrics and expressions that it names. */
  readonly names: readonly string[];
  /** @param series by id, all of the same length @param metrics what `METRICS()` stands for @returns as long as those */
  evaluate(series: ReadonlyMap<string, Series>, metrics: readonly Series[]): Series;
}

interface Context {
  readonly series: ReadonlyMap<string, Series>;
  readonly metrics: readonly Series[];
  readonly length: number;
}
type Node = (context: Context) => Value;

type Operation = (a: number, b: number) => number | undefined;
const OPERATIONS: Readonly<Record<string, Operation>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => (b === 0 ? undefined : a / b),
  '<': (a, b) => Number(a < b),
  '<=': (a, b) => Number(a <= b),
  '>': (a, b) => Number(a > b),
  '>=': (a, b) => Number(a >= b),
  '==': (a, b) => Number(a === b),
  '!=': (a, b) => Number(a !== b),
};
/** Those that bind loosest first. */
const LEVELS = [
  ['<', '<=', '>', '>=', '==', '!='],
  ['+', '-'],
  ['*', '/'],
] as const;

const TOKEN = /\s*(?:(\d+(?:\.\d+)?)|([A-Za-z][A-Za-z0-9_]*)|(<=|>=|==|!=|[-+*/<>()[\],]))/y;

const isSeries = (value: Value): value is Series =>
  Array.isArray(value) && !value.some((item) => Array.isArray(item));
const isList = (value: Value): value is readonly Series[] => Array.isArray(value) && !isSeries(value);

const toSeries = (value: Value, length: number): Series => {
  if (typeof value === 'number') return Array<number>(length).fill(value);
  if (isSeries(value)) return value;
  throw new Error('it has a list of metrics where one is needed');
};

const binary =
  (left: Node, operation: Operation, right: Node): Node =>
  (context) => {
    const a = left(context);
    const b = right(context);
    if (typeof a === 'number' && typeof b === 'number') return operation(a, b) ?? NaN;
    const [as, bs] = [toSeries(a, context.length), toSeries(b, context.length)];
    return as.map((x, i) => {
      const y = bs[i];
      return x === undefined || y === undefined ? undefined : operation(x, y);
    });
  };

/** Of a list: for each period, over what values there are. Of one series: over its periods. */
const aggregate =
  (of: (values: readonly number[]) => number) =>
  ([value]: readonly Value[], { length }: Context): Value => {
    const over = (values: Series): number | undefined => {
      const present = values.filter((item) => item !== undefined);
      return present.length === 0 ? undefined : of(present);
    };
    if (value === undefined) throw new Error('it has a function without an argument');
    if (isList(value)) return Array.from({ length }, (_, i) => over(value.map((series) => series[i])));
    return over(toSeries(value, length)) ?? NaN;
  };

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const FUNCTIONS: Readonly<Record<string, (values: readonly Value[], context: Context) => Value>> = {
  SUM: aggregate(sum),
  MIN: aggregate((values) => Math.min(...values)),
  MAX: aggregate((values) => Math.max(...values)),
  AVG: aggregate((values) => sum(values) / values.length),
  FILL: ([value, filler], { length }) => {
    if (value === undefined || typeof filler !== 'number')
      throw new Error('FILL needs a metric and a number');
    const fill = (series: Series): Series => series.map((item) => item ?? filler);
    return isList(value) ? value.map(fill) : fill(toSeries(value, length));
  },
  IF: ([condition, yes, no], { length }) => {
    if (condition === undefined || yes === undefined || no === undefined)
      throw new Error('IF needs three values');
    const [conditions, yeses, noes] = [condition, yes, no].map((value) => toSeries(value, length));
    return Array.from({ length }, (_, i) => {
      const holds = conditions?.[i];
      return holds === undefined ? undefined : (holds === 0 ? noes : yeses)?.[i];
    });
  },
  METRICS: (_, { metrics }) => metrics,
};

class Parser {
  readonly names: string[] = [];
  readonly #tokens: readonly string[];
  #next = 0;

  constructor(text: string) {
    this.#tokens = tokenize(text);
  }

  parse(): Node {
    const node = this.#level(0);
    if (this.#peek() !== undefined) throw new Error(`nothing is expected before ${this.#peek() ?? ''}`);
    return node;
  }

  #peek(): string | undefined {
    return this.#tokens[this.#next];
  }

  #take(expected?: string): string {
    const token = this.#peek();
    if (token === undefined || (expected !== undefined && token !== expected)) {
      throw new Error(`${expected ?? 'a value'} is expected before ${token ?? 'the end'}`);
    }
    this.#next += 1;
    return token;
  }

  #level(level: number): Node {
    const operators: readonly string[] | undefined = LEVELS[level];
    if (operators === undefined) return this.#unary();
    let left = this.#level(level + 1);
    for (let token = this.#peek(); token !== undefined && operators.includes(token); token = this.#peek()) {
      const operation = OPERATIONS[this.#take()];
      if (operation !== undefined) left = binary(left, operation, this.#level(level + 1));
    }
    return left;
  }

  #unary(): Node {
    if (this.#peek() !== '-') return this.#primary();
    this.#take();
    return binary(
      () => 0,
      (a, b) => a - b,
      this.#unary(),
    );
  }

  #primary(): Node {
    const token = this.#take();
    if (token === '(') {
      const inner = this.#level(0);
      this.#take(')');
      return inner;
    }
    if (token === '[') {
      const items = this.#list(']');
      return (context) => items.map((item) => toSeries(item(context), context.length));
    }
    if (/^\d/.test(token)) return () => Number(token);
    if (!/^[A-Za-z]/.test(token)) throw new Error(`a value is expected before ${token}`);
    return this.#peek() === '(' ? this.#call(token) : this.#name(token);
  }

  #call(name: string): Node {
    const call = FUNCTIONS[name];
    if (call === undefined) throw new Error(`the local run does not know its function ${name}`);
    this.#take('(');
    const values = this.#list(')');
    return (context) =>
      call(
        values.map((value) => value(context)),
        context,
      );
  }

  #name(name: string): Node {
    this.names.push(name);
    return ({ series }) => {
      const found = series.get(name);
      if (found === undefined) throw new Error(`it names ${name}, which there is not`);
      return found;
    };
  }

  #list(end: string): readonly Node[] {
    const items: Node[] = [];
    while (this.#peek() !== end) {
      if (items.length > 0) this.#take(',');
      items.push(this.#level(0));
    }
    this.#take(end);
    return items;
  }
}

const tokenize = (text: string): readonly string[] => {
  const tokens: string[] = [];
  const trimmed = text.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < trimmed.length) {
    const { lastIndex } = TOKEN;
    const match = TOKEN.exec(trimmed);
    if (match === null) throw new Error(`${trimmed.slice(lastIndex).trim()} cannot be read`);
    tokens.push(match[1] ?? match[2] ?? match[3] ?? '');
  }
  return tokens;
};

/** @throws Error that quotes the expression and says what of it is not understood */
export const parseExpression = (text: string): Expression => {
  const explained = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw new Error(`the metric math "${text}": ${(error as Error).message}`, { cause: error });
    }
  };
  const parser = explained(() => new Parser(text));
  const node = explained(() => parser.parse());
  return {
    text,
    names: parser.names,
    evaluate: (series, metrics) => {
      const length = [...series.values()][0]?.length ?? 0;
      const values = explained(() => toSeries(node({ series, metrics, length }), length));
      return values.map((value) => (value === undefined || Number.isNaN(value) ? undefined : value));
    },
  };
};
