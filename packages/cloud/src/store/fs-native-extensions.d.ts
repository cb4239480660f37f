/** The part of the package that is used here; it brings no types of its own. */
declare module 'fs-native-extensions' {
  /**
   * Locks a range of an open file for this open file alone (Linux: F_OFD_SETLK; macOS and Windows: their likes).
   * Closing the file, or the end of the process, gives it back.
   *
   * @returns false: another open file has it @throws the system's error: the file system has no locks
   */
  export function tryLock(fd: number, offset: number, length: number): boolean;
}
