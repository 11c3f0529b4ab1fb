/**
 * IAM's decision, for the part of its language that the templates use: what a statement has besides is refused, so that a policy which
 * cannot be judged here fails the tests. Source: "Policy evaluation logic" and "IAM JSON policy elements" of the IAM user guide.
 */

export interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Principal?: Principal;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

type Principal = '*' | Readonly<Record<string, string | readonly string[]>>;

/** One thing that a call needs to be allowed: a call that touches two tables needs two. */
export interface Access {
  /** `dynamodb:GetItem`. */
  readonly action: string;
  /** An ARN, or `*` for an action that knows no resources. */
  readonly resource: string;
  /** Values by the condition key; a list for a key with several values. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

const ELEMENTS = ['Sid', 'Effect', 'Action', 'Resource', 'Principal', 'Condition'];

const many = (value: string | readonly string[]): readonly string[] =>
  typeof value === 'string' ? [value] : value;

/** `*` is any text, `?` one character. */
const isLike = (text: string, pattern: string): boolean =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    's',
  ).test(text);

const COLONS = 5;

/** ARNs are compared part by part, so that a wildcard does not reach into the next part. The sixth is the rest. */
const arnParts = (arn: string): readonly string[] => {
  const parts = arn.split(':');
  return [...parts.slice(0, COLONS), parts.slice(COLONS).join(':')];
};

const isArnLike = (arn: string, pattern: string): boolean => {
  const parts = arnParts(arn);
  return arnParts(pattern).every((part, i) => isLike(parts[i] ?? '', part));
};

const COMPARISONS: Readonly<Record<string, (value: string, wanted: string) => boolean>> = {
  StringEquals: (value, wanted) => value === wanted,
  StringLike: isLike,
  ArnLike: isArnLike,
  // The same comparison as ArnLike.
  ArnEquals: isArnLike,
  Bool: (value, wanted) => value === wanted,
};

const FOR_ALL = 'ForAllValues:';
const IF_EXISTS = 'IfExists';

/** @param values of the request; undefined: the request has no such key */
const holds = (
  operator: string,
  values: readonly string[] | undefined,
  wanted: readonly string[],
): boolean => {
  const isOptional = operator.endsWith(IF_EXISTS);
  const compare = COMPARISONS[operator.replace(FOR_ALL, '').replace(IF_EXISTS, '')];
  if (compare === undefined) throw new Error(`the evaluation knows no condition operator ${operator}`);
  const isMatched = (value: string): boolean => wanted.some((one) => compare(value, one));
  // Holds for a request that has no such key, too.
  if (operator.startsWith(FOR_ALL)) return (values ?? []).every(isMatched);
  if (values === undefined && isOptional) return true;
  if (values !== undefined && values.length > 1)
    throw new Error(`${operator} was given several values; it takes one`);
  return values?.some(isMatched) === true;
};

const conditionHolds = ({ Condition = {} }: Statement, { context = {} }: Access): boolean =>
  Object.entries(Condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => {
      const values = context[key];
      return holds(operator, values === undefined ? undefined : many(values), many(wanted));
    }),
  );

/** Actions are compared without regard to case. */
const isAbout = (statement: Statement, { action, resource }: Access): boolean =>
  many(statement.Action).some((one) => isLike(action.toLowerCase(), one.toLowerCase())) &&
  many(statement.Resource).some((one) => isLike(resource, one));

const isOf = (principal: Principal, caller: string): boolean =>
  principal === '*' ||
  Object.values(principal)
    .flatMap(many)
    .some((one) => one === '*' || one === caller);

/** @throws Error for an element that is not known here */
const check = (statement: Statement): Statement => {
  const unknown = Object.keys(statement).filter((name) => !ELEMENTS.includes(name));
  if (unknown.length > 0) throw new Error(`the evaluation knows no element ${unknown.join(', ')}`);
  return statement;
};

/**
 * Whether the statements of one policy, or of all policies of a role, allow it: nothing denies it, and something allows it.
 * @param caller of a resource's policy: a service's name, or an ARN. Undefined for the policies of a role
 */
export const allows = (statements: readonly Statement[], access: Access, caller?: string): boolean => {
  const applying = statements
    .map(check)
    .filter(({ Principal: principal }) => {
      if ((principal === undefined) !== (caller === undefined))
        throw new Error("a role's policy names no principal, and a resource's names one");
      return principal === undefined || caller === undefined || isOf(principal, caller);
    })
    .filter((statement) => isAbout(statement, access) && conditionHolds(statement, access));
  return (
    applying.some(({ Effect }) => Effect === 'Allow') && !applying.some(({ Effect }) => Effect === 'Deny')
  );
};
