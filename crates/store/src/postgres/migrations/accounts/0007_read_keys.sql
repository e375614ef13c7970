-- Scope 3 = reading what the account has.
ALTER TABLE tagmeter.keys DROP CONSTRAINT keys_scope_check;
ALTER TABLE tagmeter.keys ADD CONSTRAINT keys_scope_check CHECK (scope IN (1, 2, 3));
