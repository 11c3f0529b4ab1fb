/** What a replay asks of the archive, and of what is kept of replays. Times are milliseconds since 1970. */

export interface ArchiveFile {
  readonly name: string;
  /** Its first record came then. It has none that came `FILE_SPAN` later. */
  readonly began: number;
}

export interface ArchiveFiles {
  /** Those that may have what came within that time, in any order. @throws InfraFault */
  files(range: { readonly from: number; readonly until: number }): Promise<readonly ArchiveFile[]>;
  /** @throws InfraFault */
  lines(file: ArchiveFile): AsyncIterable<string>;
}
