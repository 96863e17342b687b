/** `quorate completion`: a script that has a shell complete commands and options. */
import { Argument, type Command } from 'commander';
import { bashScript } from '../completion/bash.js';
import { fishScript } from '../completion/fish.js';
import { spelled, type SpelledCommand } from '../completion/spelling.js';
import { zshScript } from '../completion/zsh.js';

type Shell = 'bash' | 'zsh' | 'fish';

const scripts: Readonly<Record<Shell, (commands: readonly SpelledCommand[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

export function addCompletion(program: Command): void {
  program
    .command('completion')
    .summary('have a shell complete commands')
    .description('Prints a script with which a shell completes the commands and their options.')
    .addArgument(new Argument('<shell>', 'a shell').choices(Object.keys(scripts)))
    .addHelpText(
      'after',
      `
Examples:
  source <(quorate completion bash)                                        in ~/.bashrc
  source <(quorate completion zsh)                                         in ~/.zshrc, behind compinit
  quorate completion fish > ~/.config/fish/completions/quorate.fish`,
    )
    .action((shell: Shell) => void process.stdout.write(scripts[shell](spelled(program))));
}
