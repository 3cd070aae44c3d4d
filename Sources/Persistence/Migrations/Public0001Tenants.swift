// SPDX-License-Identifier: Apache-2.0

extension Migration {
  /// Who is a customer, which hosts are theirs, and how far each schema is migrated.
  static let public0001Tenants = Migration(
    number: 1, name: "tenants",
    sql: """
      CREATE TABLE IF NOT EXISTS public.schema_versions (
        schema_name varchar(63) PRIMARY KEY,
        version integer NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE TABLE public.tenants_tenant (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        schema_name varchar(63) NOT NULL CONSTRAINT tenants_tenant_schema_name_key UNIQUE,
        slug varchar(63) NOT NULL CONSTRAINT tenants_tenant_slug_key UNIQUE,
        name varchar(100) NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE TABLE public.tenants_domain (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        domain varchar(253) NOT NULL CONSTRAINT tenants_domain_domain_key UNIQUE
          CHECK (domain = lower(domain)),
        tenant_id bigint NOT NULL REFERENCES public.tenants_tenant (id) ON DELETE CASCADE,
        is_primary boolean NOT NULL DEFAULT true
      );
      CREATE INDEX tenants_domain_tenant_id_idx ON public.tenants_domain (tenant_id);
      """)
}
