// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Domain

@Suite("The password policy")
struct PasswordPolicyTests {
  static let person = PasswordPolicy.Person(
    email: "maria.silva@hospital.example", username: "msilva", firstName: "Maria",
    lastName: "Silva")

  static func problems(_ text: String) -> [String] {
    PasswordPolicy.problems(of: PlainPassword(text), for: person)
  }

  @Test("lengths of 8 and 128 characters pass, 7 and 129 do not")
  func lengths() {
    #expect(
      Self.problems("x7!kQ2#")
        == ["This password is too short. It must contain at least 8 characters."])
    #expect(Self.problems("x7!kQ2#p").isEmpty)
    let filler = String(repeating: "x7!kQ2#p", count: 16)
    #expect(Self.problems(filler).isEmpty)
    #expect(
      Self.problems(filler + "y")
        == ["This password is too long. It must contain at most 128 characters."])
  }

  @Test("everything that is wrong is told at once")
  func several() {
    #expect(
      Self.problems("1234567") == [
        "This password is too short. It must contain at least 8 characters.",
        "This password is entirely numeric.",
      ])
    #expect(
      Self.problems("12345678")
        == ["This password is too common.", "This password is entirely numeric."])
    #expect(!Self.problems("").isEmpty)
  }

  @Test(
    "common passwords are refused in any case", arguments: ["password", "PassWord123", "senha123"])
  func common(text: String) {
    #expect(Self.problems(text) == ["This password is too common."])
  }

  @Test(
    "variations of the person's data are refused, naming which",
    arguments: [
      ("silva@hospital.example", "email address"), ("MSilva99", "username"),
      ("hospital", "email address"),
      ("silvams", "last name"),
    ])
  func similar(text: String, name: String) {
    #expect(Self.problems(text).contains("The password is too similar to the \(name)."))
  }

  @Test("the common list holds some hundreds, lower-case and long enough to matter")
  func list() {
    #expect(CommonPasswords.all.count > 500)
    for password in CommonPasswords.all {
      #expect(password == password.lowercased())
      #expect(password.count >= PasswordPolicy.minimumLength)
    }
  }

  @Test("a password is never printed")
  func redacted() {
    let password = PlainPassword("hunter2")
    for text in ["\(password)", String(reflecting: password), "\([password])"] {
      #expect(!text.contains("hunter2"))
    }
  }
}
