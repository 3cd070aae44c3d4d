// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A folder that is held open, and the plain files directly in it. A file is there whole or not at all, also
/// after a crash of this process or of the machine; nothing outside the folder can be reached through it.
///
/// All calls block. Any thread may make them; of two that write the same name, one wins.
package final class Folder: Sendable {
  /// Before a temporary file's name. No other file may be called so.
  private static let temporaryPrefix = "~"
  /// Temporary files this old, in seconds, belong to nobody any more: their writer was killed. An hour: no
  /// write takes that long.
  private static let abandonedAfter = 3_600

  private let descriptor: Int32

  /// Opens the folder; makes it, and what is missing above it, for this user alone. Removes what killed
  /// writers left in it.
  package init(path: String) throws(FolderError) {
    let parts = path.split(separator: "/")
    for count in parts.indices {
      let ancestor = (path.hasPrefix("/") ? "/" : "") + parts[...count].joined(separator: "/")
      guard unsafe mkdir(ancestor, 0o700) == 0 || errno == EEXIST || errno == EROFS else {
        throw .system("making the folder", code: errno)
      }
    }
    let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system("opening the folder", code: errno) }
    self.descriptor = descriptor
    try removeAbandoned()
  }

  deinit {
    close(descriptor)
  }

  /// Writes a file of the pieces, one after the other. When this returns, the file survives a power cut; when
  /// it throws, what was there before is still there.
  package func write(_ pieces: [UInt8]..., as name: String) throws(FolderError) {
    try check(name)
    let temporary = Self.temporaryPrefix + String(UInt64.random(in: .min ... .max), radix: 16)
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
    let file = unsafe openat(descriptor, temporary, flags, 0o600)
    guard file >= 0 else { throw .system("creating a file", code: errno) }
    do throws(FolderError) {
      defer { close(file) }
      for piece in pieces { try append(piece, to: file) }
      guard fsync(file) == 0 else { throw .system("fsync of a file", code: errno) }
      guard unsafe renameat(descriptor, temporary, descriptor, name) == 0 else {
        throw .system("renaming a file", code: errno)
      }
    } catch {
      unsafe unlinkat(descriptor, temporary, 0)
      throw error
    }
    // The name is durable only with the folder.
    guard fsync(descriptor) == 0 else { throw .system("fsync of the folder", code: errno) }
  }

  /// - Returns: nil when there is no such file.
  package func read(_ name: String, limit: Int) throws(FolderError) -> [UInt8]? {
    try check(name)
    // O_NONBLOCK: somebody may have put a pipe there.
    let flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK
    let file = unsafe openat(descriptor, name, flags)
    guard file >= 0 else {
      switch errno {
      case ENOENT: return nil
      case ELOOP: throw .notAFile
      default: throw .system("opening a file", code: errno)
      }
    }
    defer { close(file) }
    var status = stat()
    guard unsafe fstat(file, &status) == 0 else { throw .system("fstat", code: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile }
    guard status.st_size <= limit else { throw .tooLarge(limit: limit) }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    var count = 0
    while count < bytes.count {
      let got = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe Glibc.read(file, buffer.baseAddress?.advanced(by: count), buffer.count - count)
      }
      // Files are never written to in place, so that none gets shorter.
      guard got > 0 || got < 0 && errno == EINTR else { throw .system("reading", code: errno) }
      count += max(0, got)
    }
    return bytes
  }

  /// A file that is not there is as good as removed.
  package func remove(_ name: String) throws(FolderError) {
    try check(name)
    guard unsafe unlinkat(descriptor, name, 0) == 0 else {
      if errno == ENOENT { return }
      throw .system("removing a file", code: errno)
    }
    guard fsync(descriptor) == 0 else { throw .system("fsync of the folder", code: errno) }
  }

  private func check(_ name: String) throws(FolderError) {
    guard (1...255).contains(name.utf8.count), name != ".", name != "..",
      !name.hasPrefix(Self.temporaryPrefix),
      !name.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == 0 })
    else { throw .invalidName }
  }

  private func append(_ bytes: [UInt8], to file: Int32) throws(FolderError) {
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.write(file, buffer.baseAddress?.advanced(by: written), buffer.count - written)
      }
      guard count >= 0 || errno == EINTR else { throw .system("writing", code: errno) }
      written += max(0, count)
    }
  }

  private func removeAbandoned() throws(FolderError) {
    // A description of its own: reading moves its position.
    let copy = unsafe openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0, let stream = unsafe fdopendir(copy) else {
      throw .system("listing the folder", code: errno)
    }
    defer { unsafe closedir(stream) }
    let newest = time(nil) - Self.abandonedAfter
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
        unsafe String(cString: UnsafeRawPointer(name).assumingMemoryBound(to: CChar.self))
      }
      guard name.hasPrefix(Self.temporaryPrefix) else { continue }
      var status = stat()
      if unsafe fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0,
        status.st_mtim.tv_sec < newest
      {
        unsafe unlinkat(descriptor, name, 0)
      }
    }
  }
}
