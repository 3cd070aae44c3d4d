// SPDX-License-Identifier: Apache-2.0
import DedicatedThread
package import Domain
import Files

/// Puts each message into a folder, as a complete `.eml` file that any mail program opens: for development, and for
/// whoever picks mail up from there.
package final class DirectoryTransport: MailTransport {
  private let folder: Folder
  private let thread: DedicatedThread
  private let composer: MailComposer
  private let clock: WallClock

  /// - Parameter path: is made when missing, for this user alone.
  package init(path: String, sender: Mailbox, clock: WallClock) throws {
    folder = try Folder(path: path)
    thread = try DedicatedThread(name: "mail")
    composer = MailComposer(sender: sender)
    self.clock = clock
  }

  /// The file's name begins with the time, so that a list by name is one by age.
  package func send(_ message: MailMessage) async throws(MailError) {
    let identity = MailIdentity.make()
    let now = clock.now()
    let bytes = try composer.compose(message, at: now, identity: identity)
    let time = now.rfc3339.utf8.filter { (0x30...0x39).contains($0) }.prefix(14)
    let name = "\(String(decoding: time, as: UTF8.self))-\(identity).eml"
    do throws(FolderError) {
      try await thread.run { [folder] () throws(FolderError) in
        try folder.write(bytes, as: name)
      }
    } catch {
      throw error.isTransient ? .transient("\(error)") : .permanent("\(error)")
    }
  }
}
