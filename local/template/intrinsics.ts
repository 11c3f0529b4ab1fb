/** Resolves CloudFormation's intrinsic functions, given what each resource's `Ref` and attributes are here. */

/** What a resource is known by once it exists. */
export interface Physical {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Scope {
  readonly physical: (logicalId: string) => Physical | undefined;
  /** `AWS::Region` and its like. */
  readonly pseudo: Readonly<Record<string, string>>;
}

export type Json = unknown;

const isObject = (value: Json): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** In a text of `Fn::Sub`; `${!Literal}` is none. */
const REFERENCE_IN_TEXT = /\$\{([^}!]+)\}/g;

/** `[id, attribute]`, or a text of the two; the attribute may have dots itself. */
const attributeParts = (argument: Json): readonly [id: string, attribute: string] => {
  const [id = '', ...names] = Array.isArray(argument) ? argument.map(String) : String(argument).split('.');
  return [id, names.join('.')];
};

/** @throws Error that names the function that is not known here: better than a local run that differs silently */
export const resolve = (value: Json, scope: Scope): Json => {
  if (Array.isArray(value)) return value.map((item) => resolve(item, scope));
  if (!isObject(value)) return value;
  const [[name, argument] = [], ...others] = Object.entries(value);
  if (name !== undefined && others.length === 0 && (name === 'Ref' || name.startsWith('Fn::'))) {
    return resolveFunction(name, argument, scope);
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, scope)]));
};

const resolveFunction = (name: string, argument: Json, scope: Scope): Json => {
  switch (name) {
    case 'Ref':
      return ref(String(argument), scope);
    case 'Fn::GetAtt': {
      const [logicalId, attribute] = attributeParts(argument);
      return attributeOf(logicalId, attribute, scope);
    }
    case 'Fn::Join': {
      const [separator, list] = resolve(argument, scope) as [string, readonly string[]];
      return list.join(separator);
    }
    case 'Fn::Select': {
      const [index, list] = resolve(argument, scope) as [number | string, readonly Json[]];
      return list[Number(index)];
    }
    case 'Fn::Split': {
      const [separator, text] = resolve(argument, scope) as [string, string];
      return text.split(separator);
    }
    case 'Fn::Sub': {
      const text = Array.isArray(argument) ? String(argument[0]) : String(argument);
      const own = (Array.isArray(argument) ? resolve(argument[1], scope) : {}) as Readonly<
        Record<string, string>
      >;
      return text.replace(REFERENCE_IN_TEXT, (_, key: string) => {
        const [logicalId, attribute] = attributeParts(key);
        return own[key] ?? (attribute === '' ? ref(key, scope) : attributeOf(logicalId, attribute, scope));
      });
    }
    default:
      throw new Error(`the template uses ${name}, which the local run does not know`);
  }
};

const ref = (name: string, scope: Scope): string => scope.pseudo[name] ?? scope.physical(name)?.ref ?? name;

const attributeOf = (logicalId: string, attribute: string, scope: Scope): string =>
  scope.physical(logicalId)?.attributes[attribute] ?? `${logicalId}.${attribute}`;

/** What stands instead of a reference; undefined: it stays. */
export interface Replacements {
  readonly ref?: (id: string) => Json;
  readonly attribute?: (id: string, attribute: string) => Json;
}

/** The value with references replaced, those in the texts of `Fn::Sub` too. A replacement is taken as it is. */
export const mapReferences = (value: Json, replacements: Replacements): Json => {
  if (Array.isArray(value)) return value.map((item) => mapReferences(item, replacements));
  if (!isObject(value)) return value;
  const { Ref, 'Fn::GetAtt': attribute, 'Fn::Sub': sub } = value;
  if (Object.keys(value).length === 1) {
    if (typeof Ref === 'string') return replacements.ref?.(Ref) ?? value;
    if (attribute !== undefined) {
      const [id, name] = attributeParts(attribute);
      return replacements.attribute?.(id, name) ?? value;
    }
    if (sub !== undefined) return mapSub(sub, replacements);
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, mapReferences(item, replacements)]),
  );
};

/** What is replaced in a text becomes a value of its own name. */
const mapSub = (argument: Json, replacements: Replacements): Json => {
  const [text, own] = (Array.isArray(argument) ? argument : [argument, {}]) as [
    string,
    Readonly<Record<string, Json>>,
  ];
  const values = { ...(mapReferences(own, replacements) as Readonly<Record<string, Json>>) };
  for (const [, key = ''] of text.matchAll(REFERENCE_IN_TEXT)) {
    if (key in own) continue;
    const [id, name] = attributeParts(key);
    const found = name === '' ? replacements.ref?.(id) : replacements.attribute?.(id, name);
    if (found !== undefined) values[key] = found;
  }
  return { 'Fn::Sub': Object.keys(values).length === 0 ? text : [text, values] };
};
