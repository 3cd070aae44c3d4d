// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore

/// The file of a unix-domain socket that this process listens on.
struct UnixSocketFile: Sendable {
  private let path: String
  private let device: dev_t
  private let inode: ino_t

  /// Makes a bound socket, and its file with these permissions from the first moment. A file that is there
  /// goes away only when it is a socket that nobody answers on.
  /// - Returns: the socket, for NIO to listen on, and its file.
  /// - Throws: what the system says; EADDRINUSE when the path is taken.
  static func bind(
    _ path: String, permissions: UInt32
  ) throws(IOError) -> (socket: CInt, file: UnixSocketFile) {
    try removeStale(path)
    let socket = try open()
    do throws(IOError) {
      // Linux gives these bits, less the umask, to the file that bind(2) makes.
      try check(fchmod(socket, permissions), "fchmod")
      unsafe try check(Self.with(path) { unsafe Glibc.bind(socket, $0, $1) }, "bind \(path)")
      unsafe try check(chmod(path, permissions), "chmod \(path)")
      guard let status = status(of: path) else { throw failure("stat \(path)") }
      return (socket, UnixSocketFile(path: path, device: status.st_dev, inode: status.st_ino))
    } catch {
      Glibc.close(socket)
      throw error
    }
  }

  /// Removes the file, unless another one has taken its place.
  func remove() {
    guard let status = Self.status(of: path), status.st_dev == device, status.st_ino == inode
    else { return }
    // Fails when it was removed just now: what was wanted.
    _ = unsafe unlink(path)
  }

  private static func removeStale(_ path: String) throws(IOError) {
    guard let status = status(of: path) else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else {
      throw IOError(errnoCode: EADDRINUSE, reason: "\(path) is no socket")
    }
    let probe = try open()
    defer { Glibc.close(probe) }
    let answered = unsafe try with(path) { unsafe connect(probe, $0, $1) } == 0
    guard !answered, errno == ECONNREFUSED else {
      throw IOError(errnoCode: EADDRINUSE, reason: "\(path) is in use")
    }
    unsafe try check(unlink(path), "unlink \(path)")
  }

  private static func open() throws(IOError) -> CInt {
    let kind = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let descriptor = socket(AF_UNIX, kind, 0)
    try check(descriptor, "socket")
    return descriptor
  }

  private static func with(
    _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
  ) throws(IOError) -> CInt {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    let capacity = MemoryLayout.size(ofValue: address.sun_path)
    guard !bytes.isEmpty, bytes.count < capacity, !bytes.contains(0) else {
      throw IOError(errnoCode: ENAMETOOLONG, reason: "a socket's path has 1–\(capacity - 1) bytes")
    }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    return unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }

  private static func status(of path: String) -> stat? {
    var status = stat()
    return unsafe lstat(path, &status) == 0 ? status : nil
  }

  private static func check(_ result: CInt, _ what: String) throws(IOError) {
    if result < 0 { throw failure(what) }
  }

  private static func failure(_ what: String) -> IOError {
    IOError(errnoCode: errno, reason: what)
  }
}
