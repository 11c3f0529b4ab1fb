/** @throws Error that names the variable: the template sets it, so its absence is a mistake of the deployment */
export const requireEnv = (name: string): string => {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`the environment variable ${name} is not set`);
  return value;
};
