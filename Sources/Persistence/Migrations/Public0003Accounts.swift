// SPDX-License-Identifier: Apache-2.0

extension Migration {
  /// People, what they are to which tenant, and how they and programs prove who they are.
  ///
  /// - Of every secret only a SHA-256 digest is stored; passwords are in Django's encodings.
  /// - Addresses and user names are unique whatever their case (`…_key` indexes on `lower`).
  /// - `accounts_audit` has no foreign keys: it outlives what it tells of.
  static let public0003Accounts = Migration(
    number: 3, name: "accounts",
    sql: """
      ALTER TABLE public.tenants_tenant
        ADD COLUMN status varchar(20) NOT NULL DEFAULT 'active'
          CHECK (status IN ('active', 'suspended')),
        ADD COLUMN suspended_at timestamptz,
        ADD CONSTRAINT tenants_tenant_suspended_check
          CHECK ((status = 'suspended') = (suspended_at IS NOT NULL));
      CREATE TABLE public.accounts_user (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        subject varchar(36) NOT NULL DEFAULT gen_random_uuid()::text
          CONSTRAINT accounts_user_subject_key UNIQUE,
        email varchar(254) NOT NULL,
        username varchar(150) NOT NULL,
        password varchar(512) NOT NULL,
        first_name varchar(150) NOT NULL DEFAULT '',
        last_name varchar(150) NOT NULL DEFAULT '',
        phone varchar(20),
        bio text,
        timezone varchar(50) NOT NULL DEFAULT 'America/Sao_Paulo',
        time_format varchar(3) NOT NULL DEFAULT '24h',
        avatar varchar(500),
        is_active boolean NOT NULL DEFAULT true,
        is_staff boolean NOT NULL DEFAULT false,
        email_verified boolean NOT NULL DEFAULT false,
        date_joined timestamptz NOT NULL DEFAULT now(),
        last_login timestamptz,
        last_login_ip varchar(64),
        updated_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE UNIQUE INDEX accounts_user_email_key ON public.accounts_user (lower(email));
      CREATE UNIQUE INDEX accounts_user_username_key ON public.accounts_user (lower(username));
      CREATE TABLE public.accounts_membership (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        user_id bigint NOT NULL REFERENCES public.accounts_user (id) ON DELETE CASCADE,
        tenant_id bigint NOT NULL REFERENCES public.tenants_tenant (id) ON DELETE CASCADE,
        role varchar(20) NOT NULL
          CHECK (role IN ('viewer', 'technician', 'operator', 'admin', 'owner')),
        status varchar(20) NOT NULL DEFAULT 'active'
          CHECK (status IN ('active', 'inactive', 'suspended')),
        invited_by_id bigint REFERENCES public.accounts_user (id) ON DELETE SET NULL,
        joined_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT accounts_membership_user_tenant_key UNIQUE (user_id, tenant_id)
      );
      CREATE INDEX accounts_membership_tenant_id_idx
        ON public.accounts_membership (tenant_id, role);
      CREATE TABLE public.accounts_session (
        id varchar(36) PRIMARY KEY,
        user_id bigint NOT NULL REFERENCES public.accounts_user (id) ON DELETE CASCADE,
        tenant_id bigint NOT NULL REFERENCES public.tenants_tenant (id) ON DELETE CASCADE,
        seq bigint NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL,
        last_used_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        revoked_at timestamptz,
        ip_address varchar(64) NOT NULL DEFAULT '',
        user_agent varchar(300) NOT NULL DEFAULT ''
      );
      CREATE INDEX accounts_session_user_id_idx ON public.accounts_session (user_id);
      CREATE INDEX accounts_session_tenant_id_idx ON public.accounts_session (tenant_id);
      CREATE INDEX accounts_session_expires_at_idx ON public.accounts_session (expires_at);
      CREATE TABLE public.accounts_invite (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        tenant_id bigint NOT NULL REFERENCES public.tenants_tenant (id) ON DELETE CASCADE,
        email varchar(254) NOT NULL,
        role varchar(20) NOT NULL
          CHECK (role IN ('viewer', 'technician', 'operator', 'admin', 'owner')),
        status varchar(20) NOT NULL DEFAULT 'pending'
          CHECK (status IN ('pending', 'accepted', 'expired', 'cancelled')),
        message text,
        invited_by_id bigint REFERENCES public.accounts_user (id) ON DELETE SET NULL,
        accepted_by_id bigint REFERENCES public.accounts_user (id) ON DELETE SET NULL,
        token_digest bytea NOT NULL CONSTRAINT accounts_invite_token_digest_key UNIQUE,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        accepted_at timestamptz
      );
      CREATE UNIQUE INDEX accounts_invite_pending_key
        ON public.accounts_invite (tenant_id, lower(email)) WHERE status = 'pending';
      CREATE INDEX accounts_invite_tenant_id_idx ON public.accounts_invite (tenant_id, id);
      CREATE TABLE public.accounts_passwordreset (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        user_id bigint NOT NULL CONSTRAINT accounts_passwordreset_user_id_key UNIQUE
          REFERENCES public.accounts_user (id) ON DELETE CASCADE,
        token_digest bytea NOT NULL CONSTRAINT accounts_passwordreset_token_digest_key UNIQUE,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL
      );
      CREATE TABLE public.accounts_apikey (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        tenant_id bigint NOT NULL REFERENCES public.tenants_tenant (id) ON DELETE CASCADE,
        name varchar(100) NOT NULL,
        prefix varchar(20) NOT NULL CONSTRAINT accounts_apikey_prefix_key UNIQUE,
        secret_digest bytea NOT NULL,
        scopes text[] NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz,
        revoked_at timestamptz,
        last_used_at timestamptz
      );
      CREATE INDEX accounts_apikey_tenant_id_idx ON public.accounts_apikey (tenant_id, id);
      CREATE TABLE public.accounts_mail (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        recipient varchar(254) NOT NULL,
        subject text NOT NULL,
        body text NOT NULL,
        created_at timestamptz NOT NULL,
        next_attempt_at timestamptz NOT NULL,
        attempts integer NOT NULL DEFAULT 0,
        sent_at timestamptz,
        failed_at timestamptz,
        problem text NOT NULL DEFAULT ''
      );
      CREATE INDEX accounts_mail_waiting_idx ON public.accounts_mail (next_attempt_at)
        WHERE sent_at IS NULL AND failed_at IS NULL;
      CREATE TABLE public.accounts_audit (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at timestamptz NOT NULL,
        action varchar(50) NOT NULL,
        tenant_id bigint,
        actor text NOT NULL,
        subject text NOT NULL,
        ip_address varchar(64) NOT NULL,
        user_agent varchar(300) NOT NULL,
        detail text NOT NULL
      );
      CREATE INDEX accounts_audit_tenant_id_idx ON public.accounts_audit (tenant_id, id);
      CREATE TABLE public.accounts_lockout (
        name varchar(254) PRIMARY KEY,
        failures integer NOT NULL,
        last_failure_at timestamptz NOT NULL,
        locked_until timestamptz
      );
      """)
}
