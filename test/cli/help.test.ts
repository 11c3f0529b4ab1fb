import { describe, expect, it } from '@jest/globals';
import type { Command } from 'commander';
import { buildProgram } from '../../cli/program.ts';

const program = await buildProgram();

const helpOf = (command: Command): string => {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => 100 });
  command.outputHelp();
  return text;
};

/** By the words of the command. */
const leaves = (command: Command, before: string): readonly (readonly [string, Command])[] =>
  command.commands.flatMap((child) => {
    const words = `${before} ${child.name()}`;
    return child.commands.length === 0 ? [[words, child] as const] : leaves(child, words);
  });

const COMMANDS = leaves(program, 'sluice');
const ON_THIS_MACHINE = [
  'sluice init',
  'sluice dev',
  'sluice send',
  'sluice explain',
  'sluice destinations',
  'sluice plan import',
  'sluice redeploy',
  'sluice listen',
];

describe('a command line that names a command', () => {
  it.each(program.commands.map((command) => [command.name(), command] as const))(
    'loads %s, and it is the same as in the whole program',
    async (name, command) => {
      const alone = await buildProgram([name, '--help']);
      expect(alone.commands.length).toBeLessThan(4);
      const same = alone.commands.find((one) => one.name() === name);
      expect(same && helpOf(same)).toBe(helpOf(command));
    },
  );

  it.each([[[]], [['--help']], [['help']], [['statsu']], [['toString']]])('%j loads all', async (words) => {
    expect((await buildProgram(words)).commands).toHaveLength(program.commands.length);
  });
});

describe('--help', () => {
  it('of the program names every command once, and the exit codes', () => {
    const help = helpOf(program);
    for (const { name, synopsis } of [
      { name: 'status', synopsis: 'status' },
      { name: 'console', synopsis: 'console' },
      { name: 'hold', synopsis: 'hold [stage]' },
      { name: 'resume', synopsis: 'resume [stage]' },
      { name: 'parked', synopsis: 'parked [stage]' },
      { name: 'show', synopsis: 'show <stage> [key]' },
      { name: 'retry', synopsis: 'retry [stage] [key]' },
      { name: 'discard', synopsis: 'discard <stage> <key> [messageId]' },
      { name: 'find', synopsis: 'find [stage]' },
      { name: 'replay', synopsis: 'replay [destination]' },
      { name: 'rejected', synopsis: 'rejected' },
      { name: 'report', synopsis: 'report' },
      { name: 'check', synopsis: 'check [stage...]' },
      { name: 'explain', synopsis: 'explain <file>' },
      { name: 'destinations', synopsis: 'destinations [name]' },
      { name: 'plan', synopsis: 'plan' },
      { name: 'verify', synopsis: 'verify' },
      { name: 'doctor', synopsis: 'doctor' },
      { name: 'init', synopsis: 'init [directory]' },
      { name: 'dev', synopsis: 'dev' },
      { name: 'send', synopsis: 'send' },
      { name: 'redeploy', synopsis: 'redeploy' },
      { name: 'listen', synopsis: 'listen' },
    ]) {
      const lines = help.split('\n').filter((line) => line.startsWith(`  ${name} `));
      expect(lines).toHaveLength(1);
      expect(lines[0]).toContain(`  ${synopsis}  `);
    }
    expect(help).toContain('Exit codes: 0 done; 1 refused, or failed; 2 wrong usage; 3 not normal');
  });

  it.each(COMMANDS)('of %s has examples of the command', (words, command) => {
    const help = helpOf(command);
    const [, shown = ''] = help.split('Examples:\n');
    expect(shown).toMatch(new RegExp(`^ {2}npx ${words}\\b`));
    expect(help).toMatch(new RegExp(`^Usage: ${words}\\b`));
  });

  it.each(COMMANDS.filter(([words]) => !ON_THIS_MACHINE.includes(words)))(
    'of %s has options for AWS and for JSON output',
    (_, command) => {
      const options = command.options.map(({ long }) => long);
      expect(options).toEqual(expect.arrayContaining(['--stack', '--region', '--profile', '--json']));
    },
  );
});
