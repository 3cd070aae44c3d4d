// SPDX-License-Identifier: Apache-2.0

/// Where the database is and how long to wait for it.
package struct PostgresConfiguration: Sendable {
  /// `postgresql://user@host:port/database?sslmode=…` or libpq's `key=value` form; holds a password
  /// perhaps, so it is never logged.
  package var connectionString: String
  /// Shown in `pg_stat_activity`.
  package var applicationName = "traksense"
  /// Time for one attempt to connect. Default 5 s; libpq's least is 2 s.
  package var connectTimeout: Duration = .seconds(5)
  /// Longest that a statement may run; the server cancels it. Default 30 s; zero: no limit.
  package var statementTimeout: Duration = .seconds(30)
  /// How long sent data may stay unacknowledged before the connection counts as dead, so that a dead
  /// server never holds a thread. Default 10 s.
  package var tcpUserTimeout: Duration = .seconds(10)
  /// Silence after which keepalive probes start. Default 10 s, then 3 probes 5 s apart.
  package var keepaliveIdle: Duration = .seconds(10)
  /// Prepared statements kept per connection. Default 256: the statements of some 20 tenants; beyond,
  /// the one unused longest is given up.
  package var statementCacheSize = 256

  package init(connectionString: String) {
    self.connectionString = connectionString
  }

  /// Later keywords override what the connection string says.
  var parameters: [(keyword: String, value: String)] {
    [
      ("dbname", connectionString),
      ("application_name", applicationName),
      ("client_encoding", "UTF8"),
      ("connect_timeout", "\(max(2, connectTimeout.components.seconds))"),
      ("keepalives", "1"),
      ("keepalives_idle", "\(max(1, keepaliveIdle.components.seconds))"),
      ("keepalives_interval", "5"),
      ("keepalives_count", "3"),
      ("tcp_user_timeout", "\(tcpUserTimeout.wholeMilliseconds)"),
    ]
  }

  /// Run once on each new connection. The empty search path makes a statement that forgets its schema
  /// fail instead of reading another tenant's table.
  var sessionScript: String {
    """
    SET search_path = pg_catalog;
    SET timezone = 'UTC';
    SET standard_conforming_strings = on;
    SET client_min_messages = warning;
    SET idle_in_transaction_session_timeout = '60s';
    SET jit = off;
    SET statement_timeout = \(statementTimeout.wholeMilliseconds);
    """
  }
}

extension Duration {
  /// Rounded up; saturates at the largest `int` that PostgreSQL's settings take.
  var wholeMilliseconds: Int32 {
    let (seconds, attoseconds) = components
    let rest = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
    return overflow ? .max : Int32(clamping: whole + rest)
  }
}
