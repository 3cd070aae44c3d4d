// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Domain
import Glibc

/// Asks for a password without showing it, twice; from a pipe, takes the first line.
enum PasswordPrompt {
  static func read() throws -> PlainPassword {
    guard isatty(STDIN_FILENO) == 1 else {
      guard let line = readLine(strippingNewline: true), !line.isEmpty else {
        throw ValidationError("a password is expected on standard input")
      }
      return PlainPassword(line)
    }
    let first = try ask("Password: ")
    guard try ask("Again: ") == first else { throw ValidationError("the passwords differ") }
    return first
  }

  private static func ask(_ prompt: String) throws -> PlainPassword {
    print(prompt, terminator: "")
    fflush(nil)
    var settings = termios()
    unsafe tcgetattr(STDIN_FILENO, &settings)
    var silent = settings
    silent.c_lflag &= ~tcflag_t(ECHO)
    unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
    defer {
      unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
      print("")
    }
    guard let line = readLine(strippingNewline: true), !line.isEmpty else {
      throw ValidationError("a password is required")
    }
    return PlainPassword(line)
  }
}
