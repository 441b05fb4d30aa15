namespace Gateway.Faults.Tests.Site;

/// <summary>The database watches the replicas: who lets go of, or takes, a lease that is another's, and what has ended and moves again.</summary>
internal static class Audit
{
    public const string Install = """
        CREATE TABLE faults_audit (at timestamptz DEFAULT clock_timestamp(), what text);
        CREATE FUNCTION faults_lease() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            me text := current_setting('application_name');
            clock bigint := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
        BEGIN
            IF NEW.lease_owner IS NULL AND OLD.lease_owner IS NOT NULL AND NOT starts_with(OLD.lease_owner, me || '-') THEN
                INSERT INTO faults_audit (what) VALUES (format('%s saved %s under the lease of %s', me, OLD.cluster, OLD.lease_owner));
            ELSIF NEW.lease_owner IS NOT NULL AND NEW.generation > OLD.generation AND NOT starts_with(NEW.lease_owner, me || '-') THEN
                INSERT INTO faults_audit (what) VALUES (format('%s claimed %s in the name of %s', me, OLD.cluster, NEW.lease_owner));
            ELSIF NEW.lease_owner IS DISTINCT FROM OLD.lease_owner AND NEW.lease_owner IS NOT NULL AND OLD.lease_owner IS NOT NULL AND OLD.lease_until > clock THEN
                INSERT INTO faults_audit (what) VALUES (format('%s claimed %s while %s held it', me, OLD.cluster, OLD.lease_owner));
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER faults_lease AFTER UPDATE ON cluster_inbox FOR EACH ROW EXECUTE FUNCTION faults_lease();
        CREATE FUNCTION faults_phase() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.ended_at IS NOT NULL AND NEW.phase <> OLD.phase THEN
                INSERT INTO faults_audit (what) VALUES (format('%s moved %s on, which had ended', current_setting('application_name'), OLD.name));
            ELSIF NEW.revision <> OLD.revision + 1 THEN
                INSERT INTO faults_audit (what) VALUES (format('revision of %s went from %s to %s', OLD.name, OLD.revision, NEW.revision));
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER faults_phase AFTER UPDATE ON clusters FOR EACH ROW EXECUTE FUNCTION faults_phase();
        """;
}
