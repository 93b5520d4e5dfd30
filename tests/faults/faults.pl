#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# faults: each call of the C library that server, client and repair make fails, one at a time, and nothing may
# come of it but a sentence.
#
#   faults.pl [--sample N] [--jobs N] [--list] [--keep] [WORD...]
#     --sample N   one case of N, always the same ones
#     WORD         only cases whose name holds all words, as `server-new pwrite:3:EIO`
#     --list       prints the names of the cases and runs none
#     --keep       keeps the folder of each case that went wrong
#     --tell       prints each case, its outcome, and the last line that the program said
#     --imports    prints what the programs import and neither the library nor tests/faults/left-out names
#
# A *life* is a program with what happens to it: commands of clients, a stop, a compaction. It is first run without a
# fault, which counts its calls. Then it is run again for each call of it and each way in which that call can fail
# (%ways of Ways.pm), and for longer troubles (%troubles). After each run the program starts without faults, and it must hold
# what was acknowledged, once, and nothing that was refused.
#
# A case ends well if the program went on, or if it ended with a status that is not 0 and a sentence. Wrong are: an
# end by a signal, a failed assertion, no end (a hang), a status of 0 although something was not done, no sentence,
# what was lost, doubled or refused and stored, and a start that fails afterwards.
#
# Exit status: 0, or 1 if a case went wrong. BIN and OUT say where the programs are (tests/lib/run).
use strict;
use warnings;
use Cwd qw(abs_path);
use FindBin qw($RealBin);
use lib $RealBin;
use Ways;
use Fcntl;
use File::Path qw(make_path remove_tree);
use File::Temp qw(tempdir);
use JSON::PP;
use POSIX qw(:sys_wait_h :termios_h _exit dup2 setsid);
use Socket;
use Time::HiRes qw(sleep time);

my $bin = abs_path($ENV{BIN} // "$RealBin/../..");
my $out = abs_path($ENV{OUT} // "$RealBin/../../build");
my $jobs = 2 * ($ENV{JOBS} || 2); # they wait more than they work
my $patience = $ENV{PATIENCE} || 30; # seconds until a program that has not ended hangs
my ($sample, $is_list, $keep, $is_imports, $is_told, @words) = (1, 0, 0, 0, 0);
while (defined(my $word = shift)) {
	if ($word eq '--sample') { $sample = shift }
	elsif ($word eq '--jobs') { $jobs = shift }
	elsif ($word eq '--list') { $is_list = 1 }
	elsif ($word eq '--keep') { $keep = 1 }
	elsif ($word eq '--tell') { $is_told = 1 }
	elsif ($word eq '--imports') { $is_imports = 1 }
	else { push @words, $word }
}
my $library = "$out/tests/faults/fail.so";
my %program = (server => "$out/tests/faults/server", client => "$bin/client", repair => "$bin/repair");
-x $program{$_} or die "faults: $program{$_} is not built\n" for keys %program;
-e $library or die "faults: $library is not built\n";

if ($is_imports) {
	print "$_\n" for unknown_imports(values %program);
	exit 0;
}

# ---- processes ----

our $worker_dir; # of the process that runs a case
my ($root, @children);

sub slurp {
	my ($name) = @_;
	open my $file, '<', $name or return '';
	local $/;
	return <$file> // '';
}

sub spurt {
	my ($name, $text) = @_;
	open my $file, '>', $name or die "$name: $!\n";
	print $file $text;
	close $file;
}

# Starts a program. `in`, `out`, `err`: files; `fault`: undef, or a rule; then the library is loaded.
sub launch {
	my (%o) = @_;
	my $pid = fork // die "fork: $!\n";
	if ($pid == 0) {
		open STDIN, '<', $o{in} // '/dev/null' or _exit(97);
		open STDOUT, '>', $o{out} // '/dev/null' or _exit(97);
		open STDERR, '>', $o{err} // '/dev/null' or _exit(97);
		if ($o{terminal}) {
			setsid();
			open my $slave, '+<', $o{terminal} or _exit(97);
			ioctl $slave, 0x540e, 0 or _exit(97); # TIOCSCTTY
			dup2(fileno($slave), $_) for 0, 1;
		}
		if ($o{pipe}) { # stdin is a pipe that another process fills
			pipe my $read, my $write or _exit(97);
			my $filler = fork // _exit(97);
			if ($filler == 0) {
				close $read;
				$SIG{PIPE} = 'IGNORE';
				syswrite $write, slurp($o{in});
				_exit(0);
			}
			close $write;
			dup2(fileno($read), 0);
			close $read;
		}
		$ENV{FAULTS_CHEAP} = 1;
		$ENV{LD_PRELOAD} = join ' ', grep { $_ } $ENV{FAULTS_FIRST}, $library;
		if (defined $o{fault}) {
			$ENV{FAULTS} = $o{fault} if $o{fault} ne '';
			$ENV{FAULTS_SHARED} = "$worker_dir/shared";
		}
		exec @{$o{command}} or _exit(97);
	}
	push @children, $pid;
	# Words on stdout that also say that something is wrong.
	return { pid => $pid, words => qr/"ok":false|: refused|: not known|may or may not/, %o };
}

# The status of a process that has ended, else undef.
sub ended {
	my ($p) = @_;
	return $p->{status} if defined $p->{status};
	my $got = waitpid $p->{pid}, WNOHANG;
	$p->{status} = $? if $got == $p->{pid};
	$p->{status} = 0xff00 if $got < 0;
	return $p->{status};
}

sub wait_until {
	my ($seconds, $is_so) = @_;
	my $end = time + $seconds;
	my $pause = 0.0005;
	until ($is_so->()) {
		return 0 if time > $end;
		sleep $pause;
		$pause *= 1.3 if $pause < 0.008;
	}
	return 1;
}

# Waits for the end; what hangs is killed. True if it ended by itself.
sub await {
	my ($p, $seconds) = @_;
	return 1 if wait_until($seconds // $patience, sub { defined ended($p) });
	kill 'KILL', $p->{pid};
	waitpid $p->{pid}, 0;
	$p->{status} = 9;
	$p->{hung} = 1;
	return 0;
}

my $last_line = ''; # of the program under test

# What is wrong with how a process ended; '' if nothing.
sub wrong_end {
	my ($p, $what) = @_;
	my $status = $p->{status};
	my $text = slurp($p->{err});
	($last_line) = $text =~ /([^\n]*)\n*\z/ if defined $p->{fault};
	my ($line) = $text =~ /([^\n]*(?:Assertion|Sanitizer|runtime error)[^\n]*)/;
	return "$what hung" if $p->{hung};
	return "$what: $line" if defined $line;
	if ($status & 127) {
		return '' if ($status & 127) == 9 && ($p->{fault} // '') =~ /KILL/;
		return sprintf '%s was ended by signal %d', $what, $status & 127;
	}
	return "$what ended with " . ($status >> 8) . ' and without a word'
		if $status != 0 && $text !~ /\S/ && slurp($p->{out} // '') !~ $p->{words};
	return '';
}

sub outcome_of {
	my ($p) = @_;
	return 'killed' if $p->{status} & 127;
	return $p->{status} == 0 ? 'went on' : 'ended with a sentence';
}

# ---- servers ----

my @dead_ports;
my @dead_sockets;
sub hold_dead_ports {
	for (1 .. 2) {
		socket(my $s, AF_INET, SOCK_STREAM, 0) or die "socket: $!\n";
		bind($s, pack_sockaddr_in(0, INADDR_LOOPBACK)) or die "bind: $!\n";
		push @dead_sockets, $s;
		push @dead_ports, (unpack_sockaddr_in(getsockname $s))[0];
	}
}

# The port at which a process listens. The line that tells it may be what fails.
sub port_of {
	my ($pid) = @_;
	my %listens; # by inode
	for my $line (split /\n/, slurp('/proc/net/tcp')) {
		my (undef, $local, undef, $state, @more) = split ' ', $line;
		$listens{$more[5]} = hex $1 if $state eq '0A' && $local =~ /:(\w+)$/;
	}
	for my $fd (glob "/proc/$pid/fd/*") {
		my $to = readlink $fd or next;
		return $listens{$1} if $to =~ /^socket:\[(\d+)\]/ && $listens{$1};
	}
	return undef;
}

# Starts a server and waits until it serves (`port` is set) or has ended.
sub start_server {
	my ($data, $log, $fault, @options) = @_;
	unlink $log; # an earlier life's
	my $p = launch(command => [$program{server}, '127.0.0.1', 0, '--data', $data, @options], err => $log,
		fault => $fault, out => "$log.out");
	my $began = time;
	wait_until($patience, sub {
		$p->{port} = $1 if slurp($log) =~ /serving [^ ]*:(\d+),/;
		$p->{port} //= port_of($p->{pid}) if ($fault // '') =~ /write/ && time > $began + 0.5;
		return defined $p->{port} || defined ended($p);
	});
	return $p;
}

sub addresses {
	return map { ('127.0.0.1', $_) } @_;
}

# Runs a client's script; `$server` may end meanwhile.
sub run_client {
	my ($name, $script, $fault, $ports, %o) = @_;
	my $file = "$worker_dir/$name";
	unlink "$file.out", "$file.err";
	spurt("$file.in", join '', map { "$_\n" } @$script);
	my $p = launch(command => [$program{client}, @{$o{options} // ['--json']}, '--timeout', 3, '--reply-timeout', 2,
			addresses(@$ports)],
		in => "$file.in", out => "$file.out", err => "$file.err", fault => $fault, pipe => $o{pipe});
	my $server = $o{server};
	wait_until($patience, sub { defined ended($p) || ($server && defined ended($server)) });
	if (!defined ended($p) && $server && defined ended($server)) {
		kill 'TERM', $p->{pid}; # there is nobody left to answer it
		kill 'KILL', $p->{pid} if !wait_until(3, sub { defined ended($p) });
	}
	await($p);
	return $p;
}

my $json = JSON::PP->new->utf8;

# The events of a client: results in order, messages.
sub read_events {
	my ($p) = @_;
	my (@results, @messages);
	for my $line (split /\n/, slurp($p->{out})) {
		my $event = eval { $json->decode($line) } or next; # the last line may be half a line
		push @results, $event if $event->{event} eq 'result';
		push @messages, $event if $event->{event} eq 'message';
	}
	return (\@results, \@messages);
}

# What a server's files hold after a clean stop.
sub read_data {
	my ($data) = @_;
	my (%names, @messages, %named, %said);
	for my $line (split /\n/, slurp("$data/users.json")) {
		my $user = eval { $json->decode($line =~ s/,$//r) } or next;
		$names{$user->{name}} = $user->{id} if defined $user->{stored_key} && $user->{confirmed};
	}
	for my $line (split /\n/, slurp("$data/pending.json")) {
		my $message = eval { $json->decode($line =~ s/,$//r) } or next;
		$named{$message->{stream}} = $message if defined $message->{stream};
		my $is_in = defined $message->{in};
		$said{$message->{said}} = $message if defined $message->{said} && !$is_in;
		my $text = defined $message->{said} ? $said{$message->{said}} : $message;
		push @messages, { %{$named{$message->{in}}}, %$text, %$message } if $is_in && defined $text->{text};
	}
	return (\%names, \@messages);
}

# ---- what must be there ----

# Takes a script and its events into what is known: names and texts that must, may and must not be there.
sub learn {
	my ($known, $script, $results, $messages) = @_;
	my $own = $known->{own};
	for my $i (0 .. $#$script) {
		my ($verb, @words) = split / /, substr $script->[$i], 1;
		my $r = $results->[$i];
		my $is_ok = $r && $r->{ok};
		my $is_refused = $r && !$r->{ok} && $r->{error} ne 'unknown-outcome';
		if ($verb eq 'create') {
			$known->{names}{$words[0]} = $is_ok ? 'must' : $is_refused ? 'not' : 'may';
			$own = $words[0];
		} elsif ($verb eq 'login') {
			$own = $words[0];
		} elsif ($verb eq 'delete') {
			$known->{names}{$own} = $is_ok ? 'not' : $is_refused ? $known->{names}{$own} : 'may';
		} elsif ($verb eq 'msg') {
			for my $to (split /,/, $words[0]) {
				$known->{texts}{"$to $words[1]"} = $is_ok ? 'must' : $is_refused ? 'not' : 'may';
			}
		}
	}
	my %shown;
	for my $m (@$messages) {
		$known->{shown}{$m->{text}} = 1;
		return "'$m->{text}' was shown twice" if $shown{$m->{text}}++ > ($m->{text} =~ /^twice/ ? 1 : 0);
	}
	return '';
}

# Compares what is known with what a stopped server holds.
sub compare {
	my ($known, $data) = @_;
	my ($names, $messages) = read_data($data);
	my %name_of = reverse %$names;
	my %held;
	for my $m (@$messages) {
		my $key = ($name_of{$m->{to}} // '?') . ' ' . $m->{text};
		return 'held twice: ' . substr $key, 0, 40 if $held{$key}++;
	}
	for my $name (sort keys %{$known->{names}}) {
		my $must = $known->{names}{$name};
		return "account $name is lost" if $must eq 'must' && !$names->{$name};
		return "account $name was refused, or deleted, and is there" if $must eq 'not' && $names->{$name};
	}
	for my $key (sort keys %{$known->{texts}}) {
		my ($to, $text) = split / /, $key, 2;
		my $must = $known->{texts}{$key};
		my $short = substr $key, 0, 40;
		next if ($known->{names}{$to} // '') ne 'must';
		return "message '$short' is lost" if $must eq 'must' && !$held{$key} && !$known->{shown}{$text};
		return "message '$short' was refused, and is there" if $must eq 'not' && ($held{$key} || $known->{shown}{$text});
	}
	return '';
}

# ---- the lives of a server ----

my $long = 'x' x 900;
my @first_script = (
	'/create bob pw', '/msg bob self', '/logout',
	'/create ann pw', '/msg bob one', '/msg ann,bob twice',
	(map { "/msg bob long$_$long" } 1 .. 6),
	'/wait 0.05', '/list', '/msg bob between', '/logout',
	'/login bob pw', '/wait 0.05', '/check', '/logout',
	'/create carl pw', '/msg bob from-carl', '/delete carl',
	'/login ann pw', '/msg bob late', '/list -E ^a', '/replicas',
);
my @second_script = ('/login bob pw', '/wait 0.05', '/msg ann second', '/logout', '/create dora pw', '/msg bob hello');

# A server's life, and the next one without faults. %o: script, known (of before), options
sub server_life {
	my ($fault, $data, %o) = @_;
	my $known = $o{known} // { names => {}, texts => {}, shown => {} };
	my $p = start_server($data, "$worker_dir/server.log", $fault, @{$o{options} // []});
	my $bad = '';
	if (!defined $p->{port} && !defined ended($p)) {
		await($p, 0);
		return ('hang', 'the server neither serves nor ends');
	}
	if (defined $p->{port}) {
		my $c = run_client('client', $o{script}, undef, [$p->{port}, @dead_ports], server => $p);
		$bad ||= 'a client hung' if $c->{hung};
		my ($results, $messages) = read_events($c);
		my $wrong = learn($known, $o{script}, $results, $messages);
		$bad ||= $wrong;
		$bad ||= 'without a fault not all was done: ' . slurp($c->{out}) . slurp($c->{err})
			if $fault eq '' && (grep({ $_->{ok} } @$results) != @{$o{script}});
		kill 'TERM', $p->{pid} if !defined ended($p);
		$p->{was_told} = 1;
		await($p);
	}
	$bad ||= wrong_end($p, 'the server');
	$bad ||= 'the server said that it stopped cleanly before it was told to' if $p->{status} == 0 && !$p->{was_told};
	$bad ||= server_again($data, $known, $o{again} // []);
	return ($bad ne '' ? 'wrong' : outcome_of($p), $bad);
}

# The next life, without faults.
sub server_again {
	my ($data, $known, $options) = @_;
	my $p = start_server($data, "$worker_dir/again.log", undef, @$options);
	if (!defined $p->{port}) {
		await($p, 0);
		return 'it does not start again: ' . slurp("$worker_dir/again.log");
	}
	kill 'TERM', $p->{pid};
	await($p);
	return 'after it: ' . wrong_end($p, 'the server') if wrong_end($p, 'the server') ne '';
	return 'after it: it does not stop cleanly: ' . slurp("$worker_dir/again.log") if $p->{status} != 0;
	return compare($known, $data);
}

sub copy_folder {
	my ($from, $to) = @_;
	system('cp', '-r', $from, $to) == 0 or die "faults: cannot copy $from\n";
}

# A data directory in the middle of a compaction, with a torn tail. Made once.
sub make_old {
	my $data = "$root/old/d";
	make_path("$root/old");
	local $worker_dir = "$root/old";
	spurt("$worker_dir/shared", "\0" x 4096);
	my $p = start_server($data, "$worker_dir/server.log", 'renameat:5:KILL');
	defined $p->{port} or die "no server: " . slurp("$worker_dir/server.log");
	my $known = { names => {}, texts => {}, shown => {} };
	my @script = @first_script[0 .. 13];
	my $c = run_client('client', \@script, undef, [$p->{port}, @dead_ports], server => $p);
	await($p);
	my ($results, $messages) = read_events($c);
	learn($known, \@script, $results, $messages);
	-e "$data/journal.old.jsonl" or die "the compaction was not interrupted\n";
	my $text = slurp("$data/journal.jsonl");
	$text =~ s/\0+\z//;
	spurt("$data/journal.jsonl", "$text\{\"to\":\"01");
	unlink glob("$worker_dir/*.out"), glob("$worker_dir/*.in");
	return $known;
}

# One that is damaged: in users.json, in the text of a message, and in the journal. Made once.
sub make_damaged {
	my $data = "$root/damaged/d";
	make_path("$root/damaged");
	local $worker_dir = "$root/damaged";
	spurt("$worker_dir/shared", "\0" x 4096);
	my $p = start_server($data, "$worker_dir/server.log", '');
	my $known = { names => {}, texts => {}, shown => {} };
	my @script = ('/create bob pw', '/logout', '/create ann pw', (map { "/msg bob long$_$long" } 1 .. 8), '/quit');
	run_client('client', \@script, undef, [$p->{port}, @dead_ports], server => $p);
	wait_until($patience, sub { -e "$data/pending.json" && !-e "$data/journal.old.jsonl" }) or die "no compaction\n";
	@script = ('/login ann pw', map { "/msg bob after$_$long" } 1 .. 3);
	run_client('client', \@script, undef, [$p->{port}, @dead_ports], server => $p);
	kill 'KILL', $p->{pid};
	await($p);
	for my $name (qw(pending.json journal.jsonl)) {
		my $text = slurp("$data/$name");
		my $at = index $text, $name eq 'pending.json' ? 'long3' : 'after1';
		$at > 0 or die "faults: nothing to damage in $name: $text\n";
		substr $text, $at, 5, 'DAMAG';
		spurt("$data/$name", $text);
	}
	copy_folder($data, "$data.test");
	$p = start_server("$data.test", "$worker_dir/again.log", undef, '--salvage');
	defined $p->{port} or die 'no salvage: ' . slurp("$worker_dir/again.log");
	kill 'TERM', $p->{pid};
	await($p);
	my ($names, $messages) = read_data("$data.test");
	my %name_of = reverse %$names;
	$known->{names}{$_} = 'must' for keys %$names;
	$known->{texts}{"$name_of{$_->{to}} $_->{text}"} = 'must' for @$messages;
	@$messages >= 6 or die "faults: the salvage kept only " . @$messages . " messages\n";
	return $known;
}

my ($old_known, $damaged_known);

sub copy_known {
	my ($known) = @_;
	return { map { $_ => { %{$known->{$_}} } } qw(names texts shown) };
}

sub life_server_new {
	my ($fault, $dir) = @_;
	return server_life($fault, "$dir/d", script => \@first_script);
}

sub life_server_old {
	my ($fault, $dir) = @_;
	copy_folder("$root/old/d", "$dir/d");
	spurt("$dir/operator.key", slurp("$root/old/operator.key"));
	chmod 0600, "$dir/operator.key";
	return server_life($fault, "$dir/d", script => \@second_script, known => copy_known($old_known));
}

# Root gives itself up.
sub life_server_user {
	my ($fault, $dir) = @_;
	chmod 0755, $root, $worker_dir, $dir;
	return server_life($fault, "$dir/u/d", script => ['/create ann pw', '/msg ann self'], options => ['--user', 'nobody'],
		again => ['--user', 'nobody']);
}

sub life_server_salvage {
	my ($fault, $dir) = @_;
	copy_folder("$root/damaged/d", "$dir/d");
	spurt("$dir/operator.key", slurp("$root/damaged/operator.key"));
	chmod 0600, "$dir/operator.key";
	return server_life($fault, "$dir/d", script => ['/login ann pw', '/msg bob second'], options => ['--salvage'],
		again => ['--salvage'], known => copy_known($damaged_known));
}

# ---- the lives of a client ----

my @servers; # three, of this worker

sub need_servers {
	return if @servers;
	for my $i (0 .. 2) {
		my $p = start_server("$worker_dir/s/$i", "$worker_dir/s$i.log", undef);
		defined $p->{port} or die "faults: no server: " . slurp("$worker_dir/s$i.log");
		push @servers, $p;
	}
}

sub ports { return map { $_->{port} } @servers }

# Runs a script without a fault; all of it must be done.
sub must_client {
	my ($name, $script, @ports) = @_;
	my $c = run_client($name, $script, undef, \@ports);
	my ($results, $messages) = read_events($c);
	my @refused = grep { !$_->{ok} } @$results;
	return ($results, $messages, @refused || @$results < @$script
		? "afterwards a client without faults: " . slurp($c->{out}) . slurp($c->{err}) : '');
}

my $serial = 0;

# What the client's accounts get afterwards: once more, if something is missing, with more time.
sub client_again {
	my ($known, $own, $peer) = @_;
	my $missing = '';
	for my $seconds (0.05, 1, 5) {
		my @script;
		push @script, "/login --take-over $own pw", "/wait $seconds", '/logout' if $known->{names}{$own} eq 'must';
		push @script, "/login --take-over $peer pw", "/wait $seconds", '/logout';
		my ($results, $messages, $bad) = must_client('verify', \@script, ports());
		return $bad if $bad ne '';
		my %seen;
		for my $m (@$messages) {
			my $most = $m->{text} =~ /^twice/ ? 2 : 1;
			return "'$m->{text}' was shown twice to its reader" if ++$seen{$m->{text}} > $most;
			$known->{shown}{$m->{text}} = 1;
		}
		$missing = '';
		for my $key (sort keys %{$known->{texts}}) {
			my ($to, $text) = split / /, $key, 2;
			next if $to eq $own && $known->{names}{$own} ne 'must';
			return "message '$text' was refused, and came" if $known->{texts}{$key} eq 'not' && $known->{shown}{$text};
			$missing ||= "message '$text' is lost" if $known->{texts}{$key} eq 'must' && !$known->{shown}{$text};
		}
		return '' if $missing eq '';
	}
	return $missing;
}

sub client_life {
	my ($fault, $is_json, $is_pipe) = @_;
	need_servers();
	$serial++;
	my ($own, $other, $peer) = ("c$serial", "d$serial", "p$serial");
	my (undef, undef, $bad) = must_client('peer', ["/create $peer pw"], ports());
	return ('wrong', $bad) if $bad ne '';
	my @script = ("/create $own pw", "/msg $own self$serial", "/msg $peer one$serial", "/msg $peer two$serial",
		"/list $own", '/check', '/replicas', '/logout', "/login $own pw", "/msg $own,$peer twice$serial", '/wait 0.02',
		'/logout', "/create $other pw", "/msg $own bye$serial", '/list -E ^c.*', "/delete $other");
	my $known = { names => {}, texts => {}, shown => {} };
	my $c = run_client('client', \@script, $fault, [ports()], options => $is_json ? ['--json'] : ['--color', 'never'],
		pipe => $is_pipe);
	$bad = wrong_end($c, 'the client');
	my $text = slurp($c->{out});
	if ($is_json) {
		my ($results, $messages) = read_events($c);
		my $wrong = learn($known, \@script, $results, $messages);
		$bad ||= $wrong;
		my @done = grep { $_->{ok} } @$results;
		$bad ||= 'the client ended with 0, and ' . @done . ' of ' . @script . ' commands were done'
			if $c->{status} == 0 && @done != @script && $fault !~ /EPIPE/; # the reader has gone: quietly
		$bad ||= 'the client has not told the outcome of each command, nor why'
			if @$results < @script && slurp($c->{err}) !~ /\S/ && !($c->{status} & 127) && $fault !~ /EPIPE/;
		$bad ||= 'without a fault not all was done: ' . $text . slurp($c->{err})
			if $fault eq '' && @done != @script;
		$bad ||= client_again($known, $own, $peer);
	} else {
		my $done = () = $text =~ /^[a-z]+: ok/mg;
		$bad ||= "the client ended with 0, and $done of " . @script . ' commands were done'
			if $c->{status} == 0 && $done != @script && $fault !~ /EPIPE/;
		$bad ||= 'without a fault not all was done: ' . $text . slurp($c->{err}) if $fault eq '' && $done != @script;
	}
	return ($bad ne '' ? 'wrong' : outcome_of($c), $bad);
}

sub life_client_json { return client_life($_[0], 1, 0) }
sub life_client_pipe { return client_life($_[0], 1, 1) }
sub life_client_text { return client_life($_[0], 0, 1) }

# A new terminal: the side of whoever types, and the other one's name.
sub open_terminal {
	sysopen my $master, '/dev/ptmx', O_RDWR | O_NOCTTY or die "/dev/ptmx: $!\n";
	my $number = pack 'i', 0;
	ioctl $master, 0x40045431, $number or die "TIOCSPTLCK: $!\n"; # unlocked
	ioctl $master, 0x80045430, $number or die "TIOCGPTN: $!\n";
	$master->blocking(0);
	return ($master, '/dev/pts/' . unpack 'i', $number);
}

# A person at a terminal, who types ahead. Afterwards the terminal must be as it was.
sub life_client_person {
	my ($fault, $dir) = @_;
	need_servers();
	$serial++;
	my ($own, $peer) = ("c$serial", "p$serial");
	my (undef, undef, $bad) = must_client('peer', ["/create $peer pw"], ports());
	my @script = ("/create $own pw", "/msg $own self", "/talk $peer", 'plain', "/list $own", '/help msg', '/replicas',
		'/history', '/search plain', '/log', '/logout', '/quit');
	my ($master, $name) = open_terminal();
	# It stays open: its mode is looked at. A leader of a session, which this may be, would be hung up with it.
	sysopen my $slave, $name, O_RDWR | O_NOCTTY or die "$name: $!\n";
	my $mode = POSIX::Termios->new;
	my $before = POSIX::Termios->new;
	$before->getattr(fileno $slave);
	local $ENV{XDG_STATE_HOME} = $dir;
	local $ENV{TERM} = 'xterm';
	my $p = launch(command => [$program{client}, addresses(ports())], terminal => $name, err => "$worker_dir/client.err",
		fault => $fault, words => qr/no replica could be reached|sent to nobody|not logged in;|may or may not|; try again|refused: nothing is kept/);
	my ($seen, $typed, $began) = ('', 0, time);
	wait_until($patience, sub {
		1 while sysread $master, $seen, 4096, length $seen;
		if (!$typed && $seen =~ /Ctrl-D ends/) {
			syswrite $master, join '', map { "$_\r" } @script;
			$typed = 1;
		}
		if (!$typed && time > $began + 4) { # no replica, or no prompt
			syswrite $master, "\x04"; # Ctrl-D
			$typed = 1;
		}
		return defined ended($p);
	});
	await($p, 0);
	1 while sysread $master, $seen, 4096, length $seen;
	spurt("$worker_dir/person.seen", $seen);
	$p->{out} = "$worker_dir/person.seen";
	$mode->getattr(fileno $slave);
	$bad ||= wrong_end($p, 'the client');
	$bad ||= 'the terminal is not as it was' if $mode->getlflag != $before->getlflag && $fault !~ /tcsetattr|KILL/;
	my $done = $seen =~ /you are \Q$own\E/ && $seen =~ /logged out\s/;
	$bad ||= "without a fault not all was done: $seen" if $fault eq '' && ($p->{status} != 0 || !$done);
	$bad ||= 'the client ended with 0 before anything was typed' if $p->{status} == 0 && !$typed;
	$bad = '' if $fault =~ /EPIPE/; # no terminal says that
	return ($bad ne '' ? 'wrong' : outcome_of($p), $bad);
}

# ---- the lives of repair ----

sub run_repair {
	my ($fault, @options) = @_;
	unlink "$worker_dir/repair.out", "$worker_dir/repair.err";
	my $p = launch(command => [$program{repair}, '--key', "$worker_dir/s/operator.key", addresses(ports()), @options],
		words => qr/not reached|differ|could not store/, out => "$worker_dir/repair.out",
		err => "$worker_dir/repair.err", fault => $fault);
	await($p);
	return $p;
}

# What one replica has, and no other.
sub make_differences {
	need_servers();
	$serial++;
	my ($a, $b, $c) = ports();
	my (undef, undef, $bad) = must_client('differ', ["/create a$serial pw", "/msg a$serial x$serial"], $a, @dead_ports);
	(undef, undef, $bad) = must_client('differ', ["/create b$serial pw", "/msg b$serial y$serial"], @dead_ports, $c)
		if $bad eq '';
	return $bad;
}

sub repair_afterwards {
	my $p = run_repair(undef);
	return 'afterwards repair: ' . slurp($p->{out}) . slurp($p->{err}) if $p->{status} != 0;
	$p = run_repair(undef, '--check');
	return 'afterwards repair --check: ' . slurp($p->{out}) . slurp($p->{err}) if $p->{status} != 0;
	return '';
}

sub life_repair {
	my ($fault) = @_;
	my $bad = make_differences();
	my $p = run_repair($fault);
	my $text = slurp($p->{out});
	$bad ||= wrong_end($p, 'repair');
	$bad ||= 'without a fault it failed: ' . slurp($p->{err}) . $text if $fault eq '' && $p->{status} != 0;
	if ($p->{status} == 0 && $text =~ /all three replicas hold the same/) {
		my $q = run_repair(undef, '--check');
		$bad ||= 'repair ended with 0, and the replicas differ' if $q->{status} != 0;
	}
	$bad ||= repair_afterwards();
	return ($bad ne '' ? 'wrong' : outcome_of($p), $bad);
}

sub life_repair_check {
	my ($fault) = @_;
	my $bad = make_differences();
	my $p = run_repair($fault, '--check');
	my $text = slurp($p->{out});
	$bad ||= wrong_end($p, 'repair');
	$bad ||= 'without a fault it does not differ: ' . slurp($p->{err}) . $text if $fault eq '' && $p->{status} != 256;
	$bad ||= 'repair --check ended with 0, and the replicas differ' if $p->{status} == 0 && $text !~ /took no part/;
	my $outcome = $p->{status} == 256 && $text =~ /replicas differ/ ? 'went on' : outcome_of($p);
	$bad ||= repair_afterwards();
	return ($bad ne '' ? 'wrong' : $outcome, $bad);
}

sub life_repair_backup {
	my ($fault, $dir) = @_;
	my $bad = make_differences();
	my $p = run_repair($fault, '--backup', "$dir/b/d");
	my $text = slurp($p->{out}) . slurp($p->{err});
	$bad ||= wrong_end($p, 'repair');
	$bad ||= "without a fault it failed: $text" if $fault eq '' && $p->{status} != 0;
	my $is_whole = $text =~ /union of 3 replicas/;
	if ($p->{status} != 0) { # another try
		my $again = run_repair(undef, '--backup', "$dir/b/d");
		# What failed may have been the last step, after which it has its name; or a kill came before that step: then
		# all is there but the name.
		my $told = $again->{status} == 0 ? '' : slurp($again->{err});
		if ($told =~ m{/b/d\.new' is there, .* may be a whole one} && $fault =~ /KILL/) {
			$bad ||= 'a whole backup cannot be renamed' unless rename "$dir/b/d.new", "$dir/b/d";
		} elsif ($told ne '' && $told !~ m{/b/d' is there already}) {
			$bad ||= "another try: $told";
		}
		$is_whole = 1;
	}
	my $known = { names => { map { $_ => 'must' } $is_whole ? ("a$serial", "b$serial") : () },
		texts => { $is_whole ? ("a$serial x$serial" => 'must', "b$serial y$serial" => 'must') : () },
		shown => {} };
	# They were sent by their readers, who may have been shown them.
	$known->{texts} = {};
	$bad ||= server_again("$dir/b/d", $known, []);
	$bad ||= repair_afterwards();
	return ($bad ne '' ? 'wrong' : outcome_of($p), $bad);
}

# ---- the cases ----

my @lives = (
	['server-new', \&life_server_new], ['server-old', \&life_server_old], ['server-salvage', \&life_server_salvage],
	($> == 0 && defined getpwnam 'nobody' ? ['server-user', \&life_server_user] : ()),
	['client-json', \&life_client_json], ['client-pipe', \&life_client_pipe], ['client-text', \&life_client_text],
	['client-person', \&life_client_person],
	['repair', \&life_repair], ['repair-check', \&life_repair_check], ['repair-backup', \&life_repair_backup],
);

# Runs one; gives back outcome, what is wrong, how many calls failed, and the counts of calls.
sub run_case {
	my ($life, $rule) = @_;
	my $dir = "$worker_dir/case";
	remove_tree($dir);
	make_path($dir);
	spurt("$worker_dir/shared", "\0" x 4096);
	my ($outcome, $bad) = $life->($rule, $dir);
	my ($failed, @counts) = unpack 'L*', slurp("$worker_dir/shared");
	my %counts;
	@counts{@calls} = @counts[0 .. $#calls];
	$outcome = 'not reached' if $rule ne '' && $failed == 0 && $outcome ne 'wrong';
	return ($outcome, $bad, $failed, \%counts);
}

# One of $sample, always the same.
sub is_sampled {
	my ($name) = @_;
	my $hash = 2166136261;
	$hash = (($hash ^ ord) * 16777619) & 0xffffffff for split //, $name;
	return $hash % $sample == 0;
}

sub cases_of {
	my ($life, $counts) = @_;
	my @cases;
	for my $call (@calls) {
		for my $way (@{$ways{$call}}) {
			for my $n (1 .. $counts->{$call}) {
				my $rule = "$call:$n:$way";
				$rule = "$call:$n:$1 $call:" . ($n + 1) . ':KILL' if $way =~ /^(\w+)\+KILL$/;
				push @cases, ["$life->[0] $call:$n:$way", $rule, $life->[1], $way];
			}
		}
	}
	for my $trouble (sort keys %troubles) {
		my $t = $troubles{$trouble};
		if (!$t->{every}) {
			push @cases, ["$life->[0] $trouble", $t->{rule}, $life->[1], $trouble];
			next;
		}
		my $count = 0;
		$count += $counts->{$_} for split /,/, $t->{every};
		push @cases, ["$life->[0] $trouble:$_", sprintf($t->{rule}, $t->{every}, $_), $life->[1], $trouble]
			for 1 .. $count;
	}
	return grep {
		my $name = $_->[0];
		is_sampled($name) && !grep { index($name, $_) < 0 } @words;
	} @cases;
}

sub clean_up {
	kill 'KILL', $_ for grep { waitpid($_, WNOHANG) == 0 } @children;
	@children = ();
	@servers = ();
}

# A worker: runs its cases, and writes a line for each.
sub work {
	my ($number, $total, $cases, $to) = @_;
	$worker_dir = "$root/worker$number";
	make_path("$worker_dir/s");
	for (my $i = $number; $i < @$cases; $i += $total) {
		my ($name, $rule, $life, $way) = @{$cases->[$i]};
		$last_line = '';
		my ($outcome, $bad, $failed) = run_case($life, $rule);
		print $to $json->encode([$name, $way, $outcome, $bad, $failed, $last_line]), "\n";
		$to->flush;
		if ($outcome eq 'wrong' && $keep) {
			my $kept = "$root/kept-" . ($name =~ s/\W+/-/gr);
			system('cp', '-r', $worker_dir, $kept); # servers still write in it
		}
		if ($outcome eq 'wrong' || $serial >= 200) { # new servers
			clean_up();
			remove_tree("$worker_dir/s");
			make_path("$worker_dir/s");
			$serial = 0;
		}
	}
	clean_up();
}

$root = tempdir('threefold-faults.XXXXXX', TMPDIR => 1, CLEANUP => 0);
my $main_pid = $$;
my $is_kept = 0;
END {
	my $status = $?;
	if (defined $main_pid && $$ == $main_pid) {
		clean_up();
		remove_tree($root) if !$is_kept;
	}
	$? = $status;
}
$SIG{INT} = $SIG{TERM} = sub { clean_up(); _exit(130) };
my $began = time;
hold_dead_ports();
$ENV{XDG_STATE_HOME} = $ENV{XDG_CONFIG_HOME} = "$root/home";
$worker_dir = "$root/count";
make_path("$worker_dir/s");
my @wanted = @lives;
@wanted = grep { my $l = $_->[0]; grep { index("$l ", $_) >= 0 || $_ eq $l } @words } @lives
	if grep { my $w = $_; grep { index($_->[0], $w) >= 0 } @lives } @words;
$old_known = make_old() if grep { $_->[0] eq 'server-old' } @wanted;
$damaged_known = make_damaged() if grep { $_->[0] eq 'server-salvage' } @wanted;
my @cases;
my $calls_made = 0;
for my $life (@wanted) {
	my ($outcome, $bad, $failed, $counts) = run_case($life->[1], '');
	die "faults: $life->[0] without a fault: $bad\n" if $bad ne '';
	my $sum = 0;
	$sum += $_ for values %$counts;
	$calls_made += $sum;
	my @of_life = cases_of($life, $counts);
	printf "# %-15s %5d calls, %5d cases\n", $life->[0], $sum, scalar @of_life;
	push @cases, @of_life;
}
clean_up();
if ($is_list) {
	print "$_->[0]\n" for @cases;
	exit 0;
}

# ---- all of them ----

my %summary;
my ($failed_calls, @wrong, %by_way) = (0);
my @pipes;
$jobs = @cases if $jobs > @cases && @cases > 0;
STDOUT->flush;
for my $number (0 .. $jobs - 1) {
	pipe my $read, my $write or die "pipe: $!\n";
	my $pid = fork // die "fork: $!\n";
	if ($pid == 0) {
		close $read;
		@children = ();
		eval { work($number, $jobs, \@cases, $write); 1 } or do { warn $@; clean_up(); _exit(1) };
		_exit(0);
	}
	close $write;
	push @pipes, [$read, $pid];
}
my $done = 0;
my $select = '';
my %buffers;
vec($select, fileno($_->[0]), 1) = 1 for @pipes;
my $open = @pipes;
while ($open > 0) {
	select(my $ready = $select, undef, undef, undef);
	for my $pipe (@pipes) {
		my $fd = fileno $pipe->[0];
		next if !vec($ready, $fd, 1);
		my $got = sysread $pipe->[0], $buffers{$fd}, 65536, length($buffers{$fd} // '');
		if (!$got) {
			vec($select, $fd, 1) = 0;
			$open--;
		}
		while ($buffers{$fd} =~ s/^(.*)\n//) {
			my ($name, $way, $outcome, $bad, $failed, $said) = @{$json->decode($1)};
			print "# $outcome: $name: $said\n" if $is_told;
			my ($life) = split / /, $name;
			$summary{$life}{$outcome}++;
			$by_way{$way}{$outcome}++;
			$failed_calls += $failed;
			$done++;
			if ($outcome eq 'wrong' || $outcome eq 'hang') {
				push @wrong, $name;
				print "# WRONG $name: $bad\n";
				STDOUT->flush;
			}
		}
	}
}
for my $pipe (@pipes) {
	waitpid $pipe->[1], 0;
	push @wrong, 'a worker' if $? != 0;
}

my @columns = ('went on', 'ended with a sentence', 'killed', 'not reached', 'wrong', 'hang');
sub table {
	my ($title, $rows) = @_;
	printf "# %-30s %9s %9s %9s %9s %9s %9s\n", $title, 'went on', 'sentence', 'killed', 'unreached', 'wrong', 'hang';
	for my $row (sort keys %$rows) {
		printf "# %-30s %9d %9d %9d %9d %9d %9d\n", $row, map { $rows->{$row}{$_} // 0 } @columns;
	}
}
table('life', \%summary);
table('way', \%by_way);
printf "# %d cases, %d calls failed, %d wrong, %.0f s\n", $done, $failed_calls, scalar @wrong, time - $began;
push @wrong, 'cases that were not run' if $done != @cases;
$is_kept = $keep && @wrong;
print "# kept: $root\n" if $is_kept;
exit(@wrong ? 1 : 0);
