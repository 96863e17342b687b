/**
 * The TypeScript of all pages, each block as a module of its own, checked as strictly as its reader
 * may and made to JavaScript in one go.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../source-files.js';
import { placeOf, type Block } from './blocks.js';

const options = {
  module: 'nodenext',
  target: 'es2022',
  lib: ['es2023'],
  types: ['node'],
  strict: true,
  skipLibCheck: false,
  rootDir: 'text',
  outDir: 'made',
};

export interface Modules {
  /** What the compiler says, with the lines of the page. */
  readonly complaints: readonly string[];
  /** The program of a block. */
  fileOf(block: Block): string;
}

export function compileModules(project: string, blocks: readonly Block[]): Modules {
  mkdirSync(join(project, 'text'));
  for (const block of blocks) {
    // Blank lines before it, so that the compiler's lines are those of the page.
    const text = '\n'.repeat(block.line - 1) + block.text;
    writeFileSync(join(project, 'text', `${nameOf(block)}.ts`), text);
  }
  const config = { compilerOptions: options, include: ['text'] };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(config));
  const compiler = join(repositoryRoot(), 'node_modules/typescript/bin/tsc');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [compiler, '-p', project, '--pretty', 'false'],
    { encoding: 'utf8', cwd: project },
  );
  const lines = `${stdout}${stderr}`.split('\n').filter((line) => line.trim() !== '');
  if (status !== 0 && lines.length === 0) lines.push(`the compiler ended with ${status}`);
  return {
    complaints: lines,
    fileOf: (block) => join(project, 'made', `${nameOf(block)}.js`),
  };
}

function nameOf(block: Block): string {
  return placeOf(block).replaceAll(/[/:]/g, '-');
}
