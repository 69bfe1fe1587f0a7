"""A back office with something in every table, for tests of pages."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.utils import timezone
from django_q.models import Failure, OrmQ, Schedule, Success

from accounts_mgmt.models import (
    AccountCall,
    AccountChatHold,
    AccountSecurityLog,
    TelegramAccountSession,
)
from commentators.models import (
    AccountPersonality,
    CommentatorAccount,
    CommentSchedule,
    GeneratedComment,
    TelegramChannel,
    TelegramPost,
)
from relove.models import Chat, LLMCall, OperationLog, SessionLog, Staff, TelegramUser, UserActivityLog

POST = (
    "Почему мы повторяем один и тот же сценарий отношений? Часто дело не в партнёре, а в том, какую роль "
    "мы привыкли играть в семье. Попробуйте заметить момент, когда хочется «спасти» другого, и спросить "
    "себя: чего я сейчас боюсь?"
)
DRAFTS = (
    "Про роль спасателя — в точку. Интересно, а как отличить заботу от желания спасти?",
    "Откликнулась фраза про привычную роль. Какой вопрос к себе вы бы посоветовали первым?",
    "Похоже, страх остаться ненужным и запускает весь сценарий. Спасибо за вопрос в конце поста.",
)
SUMMARY = {
    "main_idea": "Повторяющийся сценарий отношений держится на привычной роли в семье",
    "keywords": ["сценарий", "роль", "спасатель", "страх"],
    "tone": "тёплый",
    "content_type": "размышление",
}


def administrator(name: str = "anna") -> Staff:
    """With every right; her password is in no test."""
    staff: Staff = Staff.objects.create_superuser(name, password=None, first_name="Анна", last_name="Королёва")
    return staff


class Scene:
    """One account, one channel, posts and comments in every state; `rows` of each per state."""

    def __init__(self, rows: int = 1) -> None:
        self.now = timezone.now()
        self.staff = administrator()
        self.account = self._account("Мария", "maria_k", 7001)
        self.commentator = CommentatorAccount.objects.create(session=self.account, last_used=self.now)
        self.voice = AccountPersonality.objects.create(
            account=self.commentator,
            style="коротко и по делу",
            tone="тёплый, спокойный",
            interests=["психология", "отношения"],
            vocabulary=["откликнулось", "интересно"],
            examples=["Спасибо, это про меня."],
            forbidden=["гарантирую"],
        )
        self.channel = self._channel("relove_daily", "reLove: каждый день", 9001)
        self.schedule = CommentSchedule.objects.create(
            account=self.commentator, channel=self.channel, comments_per_day=5, days=[0, 1, 2, 3, 4]
        )
        self.person = TelegramUser.objects.create(
            telegram_id=501,
            username="olga",
            first_name="Ольга",
            last_seen_date=self.now,
            profile={"tone": "мягкий"},
        )
        self.posts = [self._post(number) for number in range(1, rows + 1)]
        self.comments = {
            state: [self._comment(state, post, number) for number, post in enumerate(self.posts)]
            for state in ("draft", "pending", "sent", "failed", "unknown", "rejected", "cancelled")
        }
        self._logs(rows)
        self._background()

    def _account(self, label: str, username: str, telegram_id: int) -> TelegramAccountSession:
        account: TelegramAccountSession = TelegramAccountSession.objects.create(
            label=label,
            role="commentator",
            username=username,
            first_name=label,
            telegram_user_id=telegram_id,
            phone_mask="+7 ••• ••• 12 34",
            owner="Анна Королёва",
            owner_consent_at=self.now,
            disclosure="ИИ помогает писать. Ведёт reLove",
            disclosure_seen_at=self.now,
            last_seen=self.now,
        )
        return account

    def _channel(self, username: str, title: str, telegram_id: int) -> TelegramChannel:
        chat = Chat.objects.create(telegram_id=telegram_id, kind="channel", title=title, username=username)
        group = Chat.objects.create(telegram_id=telegram_id + 1, kind="supergroup", title=f"{title}: обсуждение")
        channel: TelegramChannel = TelegramChannel.objects.create(
            chat=chat,
            discussion=group,
            title=title,
            username=username,
            members_count=65737,
            basis="own",
            listener=self.account,
            last_checked=self.now,
        )
        return channel

    def _post(self, number: int) -> TelegramPost:
        post: TelegramPost = TelegramPost.objects.create(
            channel=self.channel,
            message_id=number,
            text=POST,
            summary=SUMMARY,
            stage="drafted",
            engagement={"views": 1200 + number, "likes": 40},
            created_at=self.now - timedelta(minutes=17 * number),
        )
        return post

    def _comment(self, state: str, post: TelegramPost, number: int) -> GeneratedComment:
        details: dict[str, Any] = {
            "sent": {"sent_at": self.now, "engagement_metrics": {"likes": 3, "replies": 1, "post_views": 210}},
            "failed": {"failed_code": "CHAT_WRITE_FORBIDDEN", "failed_reason": "В этом чате писать нельзя."},
            "rejected": {"failed_reason": "Не по теме"},
        }.get(state, {})
        comment: GeneratedComment = GeneratedComment.objects.create(
            sender=self.account,
            post=post,
            channel=self.channel,
            account=self.commentator,
            schedule=self.schedule,
            chat=self.channel.discussion,
            text=DRAFTS[number % len(DRAFTS)],
            drafted_text=DRAFTS[number % len(DRAFTS)],
            model="sandbox",
            status=state,
            scheduled_at=self.now + timedelta(minutes=10 * (number + 1)),
            expires_at=self.now + timedelta(days=1),
            **details,
        )
        return comment

    def _background(self) -> None:
        """A role, and the background tasks in every state."""
        Group.objects.get_or_create(name="Операторы")
        common = {"func": "relove.llm_work.run_llm", "cluster": "llm"}
        times = {"started": self.now - timedelta(minutes=3), "stopped": self.now}
        Success.objects.create(id="done", name="done", success=True, result="ok", **common, **times)
        Failure.objects.create(id="failed", name="failed", success=False, result="Нет связи", **common, **times)
        Schedule.objects.create(**common, schedule_type=Schedule.MINUTES, minutes=5, next_run=self.now)
        OrmQ.objects.create(key="llm", payload="x", lock=self.now)

    def _logs(self, rows: int) -> None:
        for number in range(rows):
            OperationLog.objects.create(
                operation_type="send_message",
                status="failed" if number % 2 == 0 else "success",
                error_message="В этом чате писать нельзя." if number % 2 == 0 else "",
                account_id=self.account.pk,
                duration_ms=140 + number,
                subject_table="generated_comments",
                subject_id=self.comments["sent"][number].pk,
                created_at=self.now,
            )
            LLMCall.objects.create(
                key=f"key-{number}",
                purpose="summary",
                model="sandbox",
                status="answered",
                subject_table="telegram_posts",
                subject_id=self.posts[number].pk,
                request={"messages": [{"role": "system", "content": "Кратко перескажи"}]},
                response=SUMMARY,
                prompt_tokens=420,
                completion_tokens=60,
                cost="0.0031",
                duration_ms=640,
            )
            AccountSecurityLog.objects.create(
                account=self.account, event="flood", details={"seconds": 30 + number}
            )
            AccountCall.objects.create(
                account=self.account,
                kind="check_channel",
                arguments={"channel": self.channel.pk},
                asked_by=self.staff,
                deadline=self.now + timedelta(minutes=2),
                state="done",
                result={"title": "reLove", "members": 65737},
            )
            SessionLog.objects.create(
                session_type="comment",
                account_id=self.account.pk,
                start_time=self.now - timedelta(hours=2),
                metadata={"messages_count": number, "errors": 0},
            )
            UserActivityLog.objects.create(
                user=self.person,
                chat=self.channel.discussion,
                activity_type="reply",
                subject_table="generated_comments",
                subject_id=self.comments["sent"][number].pk,
                details={"text": "Спасибо!"},
            )
        AccountChatHold.objects.create(account=self.account, chat=self.channel.discussion, reason="slow mode")
