import chalk from 'chalk';

/** No colours where NO_COLOR is set to anything (https://no-color.org), which chalk leaves to its caller. */
export function heedNoColor(environment: Readonly<Record<string, string | undefined>>): void {
  if (environment.NO_COLOR) chalk.level = 0;
}
