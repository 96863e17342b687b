/** The commands of a block for the shell, as its reader types them one after the other. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { remarksOf, type Remarks } from './remarks.js';

export interface ShellCommand {
  /** Of its first line within the block, from 0. */
  readonly at: number;
  /** With its comments. */
  readonly text: string;
  /** It goes on until Ctrl-C. */
  readonly isEndless: boolean;
  /** It calls the nats command. */
  readonly needsNats: boolean;
  readonly remarks: Remarks;
}

const endless =
  /^(?:npx )?quorate (?:watch|dashboard|node|up)\b|^npm start\b|^nats sub\b|^nats req kv\.watch\./;
const endsByItself = /\s--(?:until-marker|count)\b/;

/** Lines are joined until the shell takes them for whole: continued ones, loops, here-documents. */
export async function shellCommandsOf(block: string): Promise<ShellCommand[]> {
  const commands: ShellCommand[] = [];
  let lines: string[] = [];
  for (const [index, line] of block.trimEnd().split('\n').entries()) {
    if (lines.length === 0 && /^\s*(?:#|$)/.test(line)) continue;
    lines.push(line);
    const text = lines.join('\n');
    if (line.endsWith('\\') || !(await isWhole(text))) continue;
    const comments = lines.flatMap((line) => commentOf(line) ?? []);
    const at = index - lines.length + 1;
    const isEndless = endless.test(text) && !endsByItself.test(text);
    const needsNats = /(?:^|[|;&({])\s*nats\s/m.test(text);
    commands.push({ at, text, isEndless, needsNats, remarks: remarksOf(comments) });
    lines = [];
  }
  if (lines.length > 0) throw new Error(`no end of a command: ${lines.join('\n')}`);
  return commands;
}

/** bash says of a here-document that has no end only that it warns. */
async function isWhole(text: string): Promise<boolean> {
  try {
    const { stderr } = await promisify(execFile)('bash', ['-n', '-c', text]);
    return stderr === '';
  } catch {
    return false;
  }
}

/** Behind a blank and `#`, outside of quotes. */
export function commentOf(line: string): string | undefined {
  const [, comment] =
    /^(?:\\.|"(?:\\.|[^"\\])*"|'[^']*'|[^\\"'])*?(?<![^\s])#(.*)$/.exec(line) ?? [];
  return comment?.trim();
}
