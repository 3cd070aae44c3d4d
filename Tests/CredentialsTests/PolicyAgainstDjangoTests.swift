// SPDX-License-Identifier: Apache-2.0
import Domain
import Foundation
import TestSupport
import Testing

@Suite("The password policy beside Django's validators", .timeLimit(.minutes(5)))
struct PolicyAgainstDjangoTests {
  @Test("similarity, length and digits are judged as Django judges them")
  func foreign() async throws {
    let people = [
      ["maria.silva@hospital.example", "maria", "Maria", "Silva-Souza"],
      ["o@x.io", "operator", "Óscar", "d'Ávila"], ["", "", "", ""],
    ]
    let passwords = [
      "maria.silva", "Silva-2024", "ailvsmar", "hospital.example", "Souza123", "hospital1",
      "operator1", "rotarepo", "ÓscarÁvila", "oscaravila", "avilaoscar1", "12345670", "1234567",
      "٣٣٣٣٣٣٣٣٣", "x7!kQ2#pLm", "maria", "mariamariamaria", "exampleexample", "", "silvamaria9",
      "MARIA.SILVA@HOSPITAL.EXAMPLE", "ávilaávila", "correct horse battery",
    ]
    let cases = people.flatMap { person in passwords.map { person + [$0] } }
    let json = String(decoding: try JSONEncoder().encode(cases), as: UTF8.self)
    let lines = try await Tool.python(
      """
      import json, sys
      from django.conf import settings
      settings.configure(USE_I18N=False)
      import django
      from types import SimpleNamespace
      from django.core.exceptions import ValidationError, FieldDoesNotExist
      from django.contrib.auth.password_validation import (
          MinimumLengthValidator, NumericPasswordValidator, UserAttributeSimilarityValidator)
      class Meta:
          def get_field(self, name): raise FieldDoesNotExist
      def fails(validator, *arguments):
          try:
              validator.validate(*arguments)
              return "0"
          except ValidationError:
              return "1"
      for email, username, first, last, password in json.loads(sys.argv[1]):
          user = SimpleNamespace(
              email=email, username=username, first_name=first, last_name=last, _meta=Meta())
          print(fails(UserAttributeSimilarityValidator(), password, user)
                + fails(MinimumLengthValidator(), password, user)
                + fails(NumericPasswordValidator(), password, user))
      """, [json]
    ).split(separator: "\n").map(String.init)
    try #require(lines.count == cases.count)
    for (values, line) in zip(cases, lines) {
      let problems = PasswordPolicy.problems(
        of: PlainPassword(values[4]),
        for: PasswordPolicy.Person(
          email: values[0], username: values[1], firstName: values[2], lastName: values[3]))
      let ours = ["similar", "short", "numeric"].map { word in
        problems.contains { $0.contains(word) } ? "1" : "0"
      }
      #expect(ours.joined() == line, "\(values)")
    }
    #expect(Set(lines).count >= 4)
  }
}
