# SPDX-License-Identifier: MIT
#
# Ways: which calls fail, and how; and which never do (left-out).
package Ways;
use strict;
use warnings;
use Cwd qw(abs_path);
use Exporter 'import';
use File::Basename qw(dirname);
our @EXPORT = qw(%ways %troubles @calls unknown_imports);

my $here = abs_path(dirname(__FILE__));

# For each call: how it fails by itself, once. +KILL: the next one ends the process, before it could make good what the
# first one did not do.
my @no_descriptor = qw(EMFILE ENFILE ENOMEM);
my @no_file = qw(EACCES EIO ENOSPC EINTR);
our %ways = (
	malloc => ['ENOMEM'], calloc => ['ENOMEM'], realloc => ['ENOMEM'], mmap => ['ENOMEM'], munmap => ['ENOMEM'],
	madvise => ['EAGAIN'],
	open => [@no_descriptor, @no_file, 'ELOOP'], openat => [@no_descriptor, @no_file, 'ELOOP', 'KILL'],
	close => [qw(EIO EINTR)],
	read => [qw(EIO EINTR EAGAIN SHORT)], pread => [qw(EIO EINTR SHORT)],
	write => [qw(EIO ENOSPC EINTR EPIPE SHORT)],
	pwrite => [qw(EIO ENOSPC EINTR EFBIG EDQUOT SHORT KILL EIO+KILL ENOSPC+KILL SHORT+KILL)],
	pwritev => [qw(EIO ENOSPC EINTR EFBIG SHORT KILL EIO+KILL)],
	fdatasync => [qw(EIO ENOSPC EINTR KILL)], fsync => [qw(EIO ENOSPC EINTR KILL)],
	sync_file_range => [qw(EIO ENOSPC)], ftruncate => [qw(EIO EINTR KILL EIO+KILL)],
	fallocate => [qw(ENOSPC EOPNOTSUPP EINTR EIO KILL)],
	stat => ['EACCES'], fstat => ['EIO'], lstat => ['EIO'], fstatvfs => [qw(EIO EINTR)],
	fchmod => ['EPERM'], flock => [qw(EINTR ENOLCK)],
	access => ['EACCES'], faccessat => ['EROFS'], lseek => ['EIO'], fcntl => ['EINVAL'],
	rename => [qw(EIO ENOSPC EACCES)], renameat => [qw(EIO ENOSPC KILL EIO+KILL)], link => [qw(EPERM EIO)],
	unlink => ['EIO'],
	unlinkat => [qw(EIO KILL)], mkdir => [qw(EACCES ENOSPC)], rmdir => ['EIO'], mkostemp => [qw(EACCES EMFILE)],
	socket => [@no_descriptor, 'ENOBUFS'], bind => [qw(EADDRINUSE EACCES)], listen => ['EADDRINUSE'],
	connect => [qw(ECONNREFUSED ENETUNREACH EADDRNOTAVAIL EACCES)],
	accept4 => [@no_descriptor, qw(ENOBUFS ECONNABORTED EINTR EPERM)], getsockname => ['ENOBUFS'],
	getsockopt => ['ENOBUFS'], setsockopt => ['ENOBUFS'], recv => [qw(ECONNRESET EINTR ENOMEM EAGAIN SHORT)],
	send => [qw(ECONNRESET EPIPE EINTR ENOBUFS EAGAIN SHORT)], sendto => ['ENOBUFS'], shutdown => ['ENOTCONN'],
	getaddrinfo => [qw(EAGAIN ENOMEM EMFILE)], getnameinfo => ['ENOMEM'],
	epoll_create1 => ['EMFILE'], epoll_ctl => [qw(ENOMEM ENOSPC)], epoll_wait => [qw(EINTR EINVAL)],
	eventfd => ['EMFILE'], signalfd => ['EMFILE'], poll => [qw(EINTR ENOMEM)], pthread_create => ['EAGAIN'],
	sem_wait => ['EINTR'], sem_trywait => ['EINTR'], sem_timedwait => [qw(EINTR ETIMEDOUT)],
	opendir => [@no_descriptor, 'EACCES'], readdir => ['EIO'], realpath => [qw(EACCES ENOMEM)], getrandom => [qw(EINTR ENOSYS SHORT)], crypt_r => ['ENOMEM'],
	getrlimit => ['EPERM'], setrlimit => ['EPERM'], gmtime_r => ['EOVERFLOW'], localtime_r => ['EOVERFLOW'],
	regcomp => ['ENOMEM'], regexec => ['ENOMEM'], isatty => ['ENOTTY'], ioctl => ['ENOTTY'], tcgetattr => ['EIO'],
	tcsetattr => ['EIO'], tcgetpgrp => ['ENOTTY'], fflush => [qw(EIO ENOSPC)],
	prctl => ['EINVAL'], syscall => [qw(ENOSYS EINVAL EPERM)], setuid => ['EAGAIN'], setresuid => ['EAGAIN'],
	setresgid => ['EPERM'], initgroups => ['ENOMEM'], lchown => [qw(EPERM EIO)], getpwnam => ['EIO'],
);

# Troubles that last, or come again and again. `every`: from each n-th call of the group on; else from the first.
my $makes_descriptors = 'open,openat,socket,accept4,eventfd,signalfd,epoll_create1';
my $writes = 'pwrite,pwritev,fallocate,ftruncate,mkdir,renameat,link';
my @interrupted = qw(open openat read pread write pwrite pwritev ftruncate fallocate fstatvfs recv send accept4
	epoll_wait poll sem_wait sem_trywait sem_timedwait getrandom flock);
my $in_parts = 'read,pread,write,pwrite,pwritev,recv,send';
our %troubles = (
	'no-descriptors' => { every => $makes_descriptors, rule => '%s:%d:EMFILE:0' },
	'no-descriptors-for-a-while' => { every => $makes_descriptors, rule => '%s:%d:EMFILE:12' },
	'disk-full' => { every => 'pwrite,pwritev,fallocate', rule => '%s:%d:ENOSPC:0' },
	'disk-full-for-a-while' => { every => 'pwrite,pwritev,fallocate', rule => '%s:%d:ENOSPC:5' },
	'disk-fails' => { every => "$writes,fdatasync,fsync", rule => '%s:%d:EIO:0' },
	'no-memory-in-the-kernel' => { every => 'recv,send,accept4,socket', rule => '%s:%d:ENOMEM:3' },
	'network-cut' => { every => 'recv,send', rule => '%s:%d:ECONNRESET:4' },
	'interrupted-again-and-again' => { rule => join ' ', map { "$_:1:EINTR:0:2" } @interrupted },
	'interrupted-three-times' => { rule => join ' ', map { my $n = $_; map { "$_:$n:EINTR:0:4" } @interrupted } 1 .. 3 },
	'byte-by-byte' => { rule => "$in_parts:1:SHORT:0" },
	'every-second-in-part' => { rule => "$in_parts:1:SHORT:0:2" },
	'interrupted-and-in-part' => { rule => "$in_parts:1:SHORT:0:2 $in_parts:2:EINTR:0:2" },
	'not-now-every-second-time' => { rule => 'recv,send:1:EAGAIN:0:2' },
	'no-past-the-cache' => { rule => 'open:1:EINVAL:0' },
);

# The calls in the library's order.
sub read_calls {
	open my $file, '<', "$here/fail.c" or die "$here/fail.c: $!\n";
	my $text = do { local $/; <$file> };
	my ($list) = $text =~ /#define CALLS\(X\)(.*?)\n\n/s or die "no list of calls in fail.c\n";
	return $list =~ /X\((\w+)\)/g;
}
our @calls = read_calls();
for my $call (@calls) {
	$ways{$call} or die "faults: no way is known how $call fails\n";
}

# What these programs import and no list has: a call that nobody fails.
sub unknown_imports {
	my (@programs) = @_;
	my @known = map { quotemeta } @calls;
	open my $file, '<', "$here/left-out" or die "$here/left-out: $!\n";
	while (my $line = <$file>) {
		next if $line =~ /^#|^$/;
		$line =~ /^[^:]+: (.+)/ or die "$here/left-out:$.: no reason\n";
		push @known, map { quotemeta =~ s/\\\*/.*/gr } split ' ', $1;
	}
	my $known = join '|', @known;
	my %unknown;
	for my $name (@programs) {
		for my $line (split /\n/, `nm -D --undefined-only '$name'`) {
			my ($import) = $line =~ / ([^ @]+)(?:@.*)?$/ or next;
			$unknown{$import} = 1 if $import !~ /^(?:$known)$/;
		}
		$? == 0 or die "faults: nm cannot read $name\n";
	}
	return sort keys %unknown;
}

1;
